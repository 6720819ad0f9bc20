import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import type { FailureCode } from '../errors.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  type TransactionRow,
  type TransactionType,
  transactionList,
} from './ledger-transaction.ts';

/** What one transaction does to one wallet. */
export interface Leg {
  owner: string;
  currency: string;
  /** In minor units; below zero when it leaves the wallet. */
  amount: bigint;
}

/** A transaction of several legs, whose amounts sum to zero in each currency. */
export interface LegsRequest {
  initiator: string;
  key: string;
  hash: Buffer;
  type: TransactionType;
  currency: string;
  amount: bigint;
  legs: readonly Leg[];
  occurredAt?: Date | undefined;
  description?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  reversesId?: string | undefined;
  rate?: { numerator: bigint; denominator: bigint } | undefined;
  /** A refusal that is certain already, to be stored as the outcome. */
  refusal?: FailureCode | undefined;
}

const postedLegs = statement<
  TransactionRow,
  [
    initiator: string,
    key: string,
    hash: Buffer,
    type: TransactionType,
    currency: string,
    amount: bigint,
    owners: string[],
    currencies: string[],
    amounts: bigint[],
    occurredAt: Date | null,
    description: string | null,
    metadata: string,
    reversesId: string | null,
    numerator: bigint | null,
    denominator: bigint | null,
    refusal: FailureCode | null,
  ]
>(
  'posted_legs',
  `select ${transactionList}
   from finance.post_legs(
     initiator => $1,
     request_key => $2,
     hash => $3,
     of_type => $4,
     of_currency => $5,
     total => $6,
     owners => $7,
     codes => $8,
     amounts => $9,
     happened_at => $10,
     about => $11,
     extra => $12,
     reversed => $13,
     numerator => $14,
     denominator => $15,
     decided => $16::finance.failure_code,
     decided_facts => case when $16::finance.failure_code is not null then jsonb_build_object() end
   )`,
);

/** Posts one transaction of several legs, in one round trip, and returns or throws its outcome. */
export async function postLegs(db: Db, request: LegsRequest): Promise<LedgerTransaction> {
  const { legs, rate } = request;
  const rows = await retryConflicts(db, () =>
    postedLegs(db, [
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
      request.refusal ?? null,
    ]),
  );
  return settleOutcome(only(rows), request.hash);
}
