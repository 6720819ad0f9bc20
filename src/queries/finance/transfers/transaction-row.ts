import type { Refusal } from '../errors.ts';
import {
  type FailureCode,
  type FailureFacts,
  IdempotencyConflictError,
  toRejection,
} from '../errors.ts';

export type TransactionType =
  | 'DEPOSIT'
  | 'WITHDRAWAL'
  | 'TRANSFER'
  | 'MINING_REWARD'
  | 'PAYMENT'
  | 'REFUND'
  | 'EXCHANGE'
  | 'HOLD'
  | 'CAPTURE'
  | 'RELEASE'
  | 'REVERSAL';

export type TransactionStatus = 'PENDING' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** A completed request to move money, or to set it aside. Amounts are in minor units. */
export interface LedgerTransaction {
  /** The owner who started it; with `id` the transaction's key. */
  readonly userId: string;
  readonly id: string;
  readonly type: TransactionType;
  readonly currency: string;
  readonly amount: bigint;
  readonly description: string | null;
  readonly metadata: Record<string, unknown>;
  readonly idempotencyKey: string;
  /** The transaction that this one reverses. */
  readonly reversesId: string | null;
  /** When it happened in the world. */
  readonly occurredAt: Date;
  /** When it was posted. */
  readonly recordedAt: Date;
}

/** As the posting functions return it. */
export interface TransactionRow {
  readonly user_id: string;
  readonly id: string;
  readonly type: TransactionType;
  readonly status: TransactionStatus;
  readonly currency: string;
  readonly amount: bigint;
  readonly description: string | null;
  readonly metadata: Record<string, unknown>;
  readonly idempotency_key: string;
  readonly request_hash: Buffer;
  readonly reverses_id: string | null;
  readonly failure_code: FailureCode | null;
  readonly failure_facts: FailureFacts | null;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
}

/** The columns of a TransactionRow, for the statements that return one. */
export const TRANSACTION_COLUMNS = `user_id, id, type, status, currency, amount, description, metadata,
  idempotency_key, request_hash, reverses_id, failure_code, failure_facts, occurred_at, recorded_at`;

export function toTransaction(row: TransactionRow): LedgerTransaction {
  return {
    userId: row.user_id,
    id: row.id,
    type: row.type,
    currency: row.currency,
    amount: row.amount,
    description: row.description,
    metadata: row.metadata,
    idempotencyKey: row.idempotency_key,
    reversesId: row.reverses_id,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
  };
}

/**
 * What the stored outcome means for the request with this hash.
 *
 * @throws IdempotencyConflictError if the outcome belongs to another request, or is none yet: these functions write
 *   nothing but completed and failed transactions, so any other under the key is somebody else's
 * @throws RejectedError if the request was refused
 */
export function settleOutcome(row: TransactionRow, requestHash: Buffer): LedgerTransaction {
  const error = findRefusal(row, requestHash);
  if (error !== undefined) throw error;
  return toTransaction(row);
}

/** The error for this outcome, if it is one. */
export function findRefusal(row: TransactionRow, requestHash: Buffer) {
  if (!requestHash.equals(row.request_hash)) return new IdempotencyConflictError(row.id);
  if (row.status === 'COMPLETED') return undefined;
  if (row.failure_code === null) return new IdempotencyConflictError(row.id);
  const refusal: Refusal = {
    code: row.failure_code,
    facts: row.failure_facts ?? {},
    transactionId: row.id,
    requested: row.amount,
  };
  return toRejection(refusal);
}
