import {
  createTransferCombiner,
  getWallet,
  type TransferParams,
} from '../../../src/queries/finance/index.ts';
import type { Db } from '../../../src/session.ts';

export function move(
  from: string,
  to: string,
  amount: bigint,
  idempotencyKey: string,
): TransferParams {
  return {
    from: { userId: from, currency: 'ZAR' },
    to: { userId: to, currency: 'ZAR' },
    amount,
    idempotencyKey,
  };
}

export async function posted(db: Db, ...users: string[]) {
  const wallets = users.map((userId) => getWallet(db, { userId, currency: 'ZAR' }));
  return (await Promise.all(wallets)).map((wallet) => wallet.posted);
}

/** Sends all at once, so that they are one batch, and tells what became of each. */
export async function combine(db: Db, transfers: readonly TransferParams[]) {
  const combiner = createTransferCombiner(db);
  const answers = await Promise.allSettled(transfers.map((each) => combiner.transfer(each)));
  await combiner.close();
  return answers.map((answer) =>
    answer.status === 'fulfilled' ? 'ok' : (answer.reason.sqlState ?? answer.reason.code),
  );
}
