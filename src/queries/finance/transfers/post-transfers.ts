import { z } from 'zod';
import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput } from '../../../input/validate.ts';
import type { IdempotencyConflictError, RejectedError } from '../errors.ts';
import {
  findRefusal,
  type LedgerTransaction,
  type TransactionRow,
  type TransactionType,
  toTransaction,
  transactionList,
} from './ledger-transaction.ts';
import {
  type TransferParams,
  type TransferRequest,
  toTransferRequest,
  transferInput,
} from './request.ts';

/** More would hold the locks of a batch for long, and gains nothing. */
export const MAX_BATCH = 10_000;

const input = () =>
  z.strictObject({
    transfers: z.array(transferInput).min(1).max(MAX_BATCH),
    atomic: z.boolean().default(false),
  });

/** What became of one transfer of a batch. */
export type TransferResult =
  | {
      /** Posted now, or under the same key before. */
      status: 'completed';
      /** The transaction under the key. */
      transaction: LedgerTransaction;
    }
  | {
      /** Refused: it moved nothing. */
      status: 'rejected';
      /** Why it was rejected. */
      error: RejectedError | IdempotencyConflictError;
    };

const postedTransfers = statement<
  TransactionRow,
  [
    initiators: string[],
    keys: string[],
    hashes: Buffer[],
    types: TransactionType[],
    payers: string[],
    payees: string[],
    currencies: string[],
    amounts: bigint[],
    occurredAt: (Date | null)[],
    descriptions: (string | null)[],
    metadata: string[],
    atomic: boolean,
  ]
>(
  'posted_transfers',
  `select ${transactionList}
   from finance.post_transfers(
     initiators => $1,
     request_keys => $2,
     hashes => $3,
     types => $4,
     payers => $5,
     payees => $6,
     currencies => $7,
     amounts => $8,
     happened => $9,
     abouts => $10,
     extras => $11,
     is_atomic => $12
   ) with ordinality
   order by ordinality`,
);

/**
 * Posts up to 10,000 transfers in one round trip and one transaction, and returns a result for
 * each, in their order. The results are those of posting them one by one: a rejected transfer moves
 * nothing and does not stop the rest, and later ones see what earlier ones left.
 *
 * With `atomic: true` a single rejection makes all of them rejected: those that would have gone
 * through get the code BATCH_REJECTED. Transfers that had been posted under the same key before
 * stay posted.
 *
 * All wallets are locked first, in the order of their keys over the whole batch, so batches never
 * deadlock.
 *
 * @throws InvalidInputError whose field names the transfer, such as `transfers.3.amount`; nothing
 *   is posted then
 */
export async function postTransfers(
  db: Db,
  params: {
    /** The transfers, in the order of posting: 1 to 10,000 of them. */
    transfers: readonly TransferParams[];
    /** Whether one rejection rejects all. Default false. */
    atomic?: boolean | undefined;
  },
): Promise<TransferResult[]> {
  const { transfers, atomic } = parseInput(input, params);
  const requests = transfers.map((transfer) => toTransferRequest(transfer));
  return postRequests(db, requests, atomic);
}

/** Posts checked requests, in one round trip. */
export async function postRequests(
  db: Db,
  requests: readonly TransferRequest[],
  atomic: boolean,
): Promise<TransferResult[]> {
  const rows = await retryConflicts(db, () =>
    postedTransfers(db, [
      requests.map(({ initiator }) => initiator),
      requests.map(({ key }) => key),
      requests.map(({ hash }) => hash),
      requests.map(({ type }) => type),
      requests.map(({ from }) => from),
      requests.map(({ to }) => to),
      requests.map(({ currency }) => currency),
      requests.map(({ amount }) => amount),
      requests.map(({ occurredAt }) => occurredAt),
      requests.map(({ description }) => description),
      requests.map(({ metadata }) => metadata),
      atomic,
    ]),
  );
  return requests.map((request, index) => toResult(rows[index], request));
}

function toResult(row: TransactionRow | undefined, request: TransferRequest): TransferResult {
  if (row === undefined) throw new Error('post_transfers returned too few rows');
  const error = findRefusal(row, request.hash);
  if (error !== undefined) return { status: 'rejected', error };
  return { status: 'completed', transaction: toTransaction(row) };
}
