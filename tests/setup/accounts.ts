import { sql } from 'drizzle-orm';
import { bigint, integer, pgTable } from 'drizzle-orm/pg-core';
import { beforeEach, expect } from 'vitest';
import type { Db } from '../../src/db/connect.ts';
import { useScratchDatabase } from './scratch-database.ts';

export const accounts = pgTable('accounts', {
  id: integer('id').primaryKey(),
  balance: bigint('balance', { mode: 'bigint' }).notNull(),
});

/** Two accounts of 100 before each test, for tests of transactions. */
export function useAccounts() {
  const database = useScratchDatabase(`
    create table accounts (
      id integer primary key,
      balance bigint not null constraint accounts_balance_check check (balance >= 0)
    );
    create table log (
      account_id integer constraint log_account_id_fkey references accounts deferrable initially deferred
    );
  `);
  beforeEach(async () => {
    await database.db.$client.query('truncate accounts, log');
    await database.db.$client.query('insert into accounts values (1, 100), (2, 100)');
  });
  return database;
}

export function add(db: Db, id: number, change: number) {
  return db.execute(sql`update accounts set balance = balance + ${change} where id = ${id}`);
}

export async function balances(db: Db): Promise<bigint[]> {
  const rows = await db.select().from(accounts).orderBy(accounts.id);
  return rows.map((row) => row.balance);
}

/** Every connection of the pool is back in it, and nobody waits for one. */
export function expectNothingLeaked({ db }: ReturnType<typeof useAccounts>) {
  const { totalCount, idleCount, waitingCount } = db.$client;
  expect({ idleCount, waitingCount }).toEqual({ idleCount: totalCount, waitingCount: 0 });
}
