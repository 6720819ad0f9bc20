import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import type { FailureCode } from '../errors.ts';
import { retryConflicts } from './retry-conflicts.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  TRANSACTION_COLUMNS,
  type TransactionRow,
  type TransactionType,
} from './transaction-row.ts';

/** What one transaction does to one wallet. */
export interface Leg {
  readonly owner: string;
  readonly currency: string;
  /** In minor units; below zero when it leaves the wallet. */
  readonly amount: bigint;
}

/** A transaction of several legs, whose amounts sum to zero in each currency. */
export interface LegsRequest {
  readonly initiator: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly type: TransactionType;
  readonly currency: string;
  readonly amount: bigint;
  readonly legs: readonly Leg[];
  readonly occurredAt?: Date | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  readonly reversesId?: string | undefined;
  readonly rate?: { readonly numerator: bigint; readonly denominator: bigint } | undefined;
  /** A refusal that is certain already, to be stored as the outcome. */
  readonly refusal?: FailureCode | undefined;
}

const post = statement<TransactionRow>(
  'post_legs',
  `select ${TRANSACTION_COLUMNS}
   from finance.post_legs($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
);

/** Posts one transaction of several legs, in one round trip, and returns or throws its outcome. */
export async function postLegs(db: Db, request: LegsRequest): Promise<LedgerTransaction> {
  const { legs, rate, refusal } = request;
  const values = [
    request.initiator,
    request.key,
    request.hash,
    request.type,
    request.currency,
    request.amount,
    legs.map(({ owner }) => owner),
    legs.map(({ currency }) => currency),
    legs.map(({ amount }) => amount),
    request.occurredAt ?? null,
    request.description ?? null,
    JSON.stringify(request.metadata ?? {}),
    request.reversesId ?? null,
    rate?.numerator ?? null,
    rate?.denominator ?? null,
    refusal ?? null,
    refusal === undefined ? null : '{}',
  ];
  const row = only(await retryConflicts(db, () => post(db, values)));
  return settleOutcome(row, request.hash);
}
