import { type ConnectOptions, connect } from '../../../../src/db/connect.ts';
import type { Database, Db } from '../../../../src/db/session.ts';
import {
  createTransferCombiner,
  getWallet,
  type TransferParams,
} from '../../../../src/queries/finance/index.ts';
import { createHolder } from '../bundle.ts';

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

export function createHolders(db: Db, count: number, money = 0n): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => createHolder(db, money)));
}

export async function connected<T>(options: ConnectOptions, work: (db: Database) => Promise<T>) {
  const db = await connect(options);
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

/** A rule of the installation, which no check of ours can foresee. */
export async function refuseEntriesOf(db: Database, owners: string[]): Promise<void> {
  await db.$client.query(`
    create or replace function finance.refuse_owners() returns trigger
    language plpgsql
    as $$
    begin
      if new.user_id = any ('{${owners.join()}}') then
        raise exception 'not this one';
      end if;
      return new;
    end
    $$;
    create or replace trigger refuse_owners before insert on finance.entries
    for each row execute function finance.refuse_owners();
  `);
}
