import { columns, type RowOf } from '../../../db/columns.ts';
import { transactions } from '../../../schema/finance/transactions.ts';
import { IdempotencyConflictError, type RejectedError, toRejection } from '../errors.ts';

const ledgerColumns = columns(transactions, [
  'userId',
  'id',
  'type',
  'currency',
  'amount',
  'description',
  'metadata',
  'idempotencyKey',
  'reversesId',
  'occurredAt',
  'recordedAt',
]);

// Said by an error, if they are not as they should be.
const outcomeColumns = columns(transactions, [
  'status',
  'requestHash',
  'failureCode',
  'failureFacts',
]);

/**
 * A completed request to move money, or to set it aside. Amounts are in minor units. `userId` is
 * the owner who started it, and with `id` the transaction's key; `reversesId` names the transaction
 * that this one reverses. It happened in the world at `occurredAt`, and was posted at `recordedAt`.
 */
export type LedgerTransaction = RowOf<typeof ledgerColumns>;

/** As the posting functions return it. */
export type TransactionRow = LedgerTransaction & RowOf<typeof outcomeColumns>;

/** The columns of a TransactionRow. */
export const transactionList = `${ledgerColumns.list},
     ${outcomeColumns.list}`;

/** What kind of request a transaction was. */
export type TransactionType = LedgerTransaction['type'];

export function toTransaction(row: TransactionRow): LedgerTransaction {
  const { status, requestHash, failureCode, failureFacts, ...transaction } = row;
  return transaction;
}

/**
 * What the stored outcome means for the request with this hash.
 *
 * @throws IdempotencyConflictError if the outcome belongs to another request, or is none yet: these
 *   functions write nothing but completed and failed transactions, so any other under the key is
 *   somebody else's
 * @throws RejectedError if the request was refused
 */
export function settleOutcome(row: TransactionRow, requestHash: Buffer): LedgerTransaction {
  const error = findRefusal(row, requestHash);
  if (error !== undefined) throw error;
  return toTransaction(row);
}

/** The error for this outcome, if it is one. */
export function findRefusal(
  row: TransactionRow,
  requestHash: Buffer,
): RejectedError | IdempotencyConflictError | undefined {
  const { status, failureCode, failureFacts } = row;
  if (!requestHash.equals(row.requestHash)) return new IdempotencyConflictError(row.id);
  if (status === 'COMPLETED') return undefined;
  if (failureCode === null) return new IdempotencyConflictError(row.id);
  return toRejection({
    code: failureCode,
    facts: failureFacts ?? {},
    transactionId: row.id,
    requested: row.amount,
  });
}
