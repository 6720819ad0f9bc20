import type { Db } from '../../../db/session.ts';
import { parseInput } from '../../../input/validate.ts';
import { postTransfer } from './post-transfer.ts';
import type { LedgerTransaction } from './transaction-row.ts';
import { type TransferParams, toTransferRequest, transferInput } from './transfer-input.ts';

/**
 * Moves money of one currency between two wallets and returns the transaction. One round trip: a function locks
 * both wallets in the order of their keys, checks them, and writes the transaction with two entries.
 *
 * The same request under the same key returns what the first one did, refusals included, however often and at
 * once it is sent. After a lost connection send it again.
 *
 * @throws RejectedError if a wallet is unknown or closed; its code says which rule refused
 * @throws InsufficientFundsError with what was available and what was requested
 * @throws IdempotencyConflictError if the key belongs to another request
 */
export async function transfer(db: Db, params: TransferParams): Promise<LedgerTransaction> {
  return postTransfer(db, toTransferRequest(parseInput(transferInput, params)));
}
