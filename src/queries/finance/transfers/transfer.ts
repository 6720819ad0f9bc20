import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  type TransactionRow,
  type TransactionType,
  transactionList,
} from './ledger-transaction.ts';
import {
  type TransferParams,
  type TransferRequest,
  toTransferRequest,
  transferInput,
} from './request.ts';

export const postedTransfer = statement<
  TransactionRow,
  [
    initiator: string,
    key: string,
    hash: Buffer,
    type: TransactionType,
    payer: string,
    payee: string,
    currency: string,
    amount: bigint,
    occurredAt: Date | null,
    description: string | null,
    metadata: string,
  ]
>(
  'posted_transfer',
  `select ${transactionList}
   from finance.post_transfer(
     initiator => $1,
     request_key => $2,
     hash => $3,
     of_type => $4,
     payer => $5,
     payee => $6,
     of_currency => $7,
     moved => $8,
     happened_at => $9,
     about => $10,
     extra => $11
   )`,
);

/**
 * Moves money of one currency between two wallets and returns the transaction. One round trip: a
 * function locks both wallets in the order of their keys, checks them, and writes the transaction
 * with two entries.
 *
 * The same request under the same key returns what the first one did, refusals included, however
 * often and at once it is sent. After a lost connection send it again.
 *
 * @throws RejectedError if a wallet is unknown or closed; its code says which rule refused
 * @throws InsufficientFundsError with what was available and what was requested
 * @throws IdempotencyConflictError if the key belongs to another request
 */
export async function transfer(db: Db, params: TransferParams): Promise<LedgerTransaction> {
  return postTransfer(db, toTransferRequest(parseInput(transferInput, params)));
}

/** Posts one checked transfer, and returns or throws its outcome. */
export async function postTransfer(db: Db, request: TransferRequest): Promise<LedgerTransaction> {
  const rows = await retryConflicts(db, () =>
    postedTransfer(db, [
      request.initiator,
      request.key,
      request.hash,
      request.type,
      request.from,
      request.to,
      request.currency,
      request.amount,
      request.occurredAt,
      request.description,
      request.metadata,
    ]),
  );
  return settleOutcome(only(rows), request.hash);
}
