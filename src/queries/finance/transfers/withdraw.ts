import type { Db } from '../../../db/session.ts';
import { parseInput } from '../../../input/validate.ts';
import { type ExternalMoneyParams, externalMoneyInput } from './deposit.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { toTransferRequest } from './request.ts';
import { postTransfer } from './transfer.ts';

/**
 * Takes money out of a user's wallet into the world outside: a transfer to EXTERNAL.
 *
 * @throws what `transfer` throws
 */
export async function withdraw(db: Db, params: ExternalMoneyParams): Promise<LedgerTransaction> {
  const { userId: owner, currency, ...rest } = parseInput(externalMoneyInput, params);
  const from = { userId: owner, currency };
  const to = { system: 'EXTERNAL', currency } as const;
  return postTransfer(db, toTransferRequest({ ...rest, from, to, type: 'WITHDRAWAL' }, 'withdraw'));
}
