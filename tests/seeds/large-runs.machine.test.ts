import { describe, expect, it } from 'vitest';
import { type SeedProgress, seedLarge } from '../../seeds/large/index.ts';
import type { Db } from '../../src/db/connect.ts';
import { executorOf } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { systemOwners } from '../../src/queries/finance/index.ts';
import {
  insertEntry,
  insertJobApplication,
  insertModuleProgress,
  insertUserSkill,
} from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { allRows, fingerprints } from './fingerprints.ts';

const systemIds = Object.values(systemOwners);

const query = async <Row>(db: Db, statement: string): Promise<Row[]> =>
  (await executorOf(db).query(statement)).rows;

describe('seedLarge on a database with other rows', () => {
  const database = useTestDatabase();

  it('adds its own and touches no other, but for the system wallets, which go on', async () => {
    const { db } = database;
    await insertEntry(db, { amount: 7_000n });
    await insertModuleProgress(db, { percent: 40 });
    await insertUserSkill(db);
    await insertJobApplication(db);
    await seedLarge(db, { scale: 50, seed: 1 });
    const before = await allRows(db);
    const counts = await seedLarge(db, { scale: 40, seed: 2 });
    const after = await allRows(db);
    const changed: string[] = [];
    for (const [table, rows] of before) {
      const missing = [...rows].filter((row) => !after.get(table)?.has(row));
      for (const row of missing) {
        const { kind, user_id: owner } = JSON.parse(row);
        // What is known of the times of a system wallet's entries goes on with it.
        const isOfSystem = table === 'finance.occurrence_sums' && systemIds.includes(owner);
        if (!isOfSystem) changed.push(`${table} ${kind ?? row}`);
      }
    }
    expect(changed.sort()).toEqual(['finance.wallets EXTERNAL', 'finance.wallets MINT']);
    expect(counts['identity.users']).toBe(40);
    const [external] = await query<Record<string, bigint>>(
      db,
      `select
         version - (select count(*) from finance.entries
           where entries.user_id = wallets.user_id and entries.currency = wallets.currency) as gap,
         posted - (select sum(amount) from finance.entries
           where entries.user_id = wallets.user_id and entries.currency = wallets.currency) as off
       from finance.wallets
       where kind = 'EXTERNAL' and currency = 'ZAR'`,
    );
    expect(external).toEqual({ gap: 0n, off: '0' });
  });
});

describe('seedLarge interrupted', () => {
  const database = useTestDatabase();

  it('leaves nothing behind, gives its connection back, and can be started again', async () => {
    const { db } = database;
    const before = await fingerprints(db);
    const stop = ({ phase }: SeedProgress) => {
      if (phase === 'finance') throw new Error('stopped by the test');
    };
    await expect(seedLarge(db, { scale: 30, seed: 3, onProgress: stop })).rejects.toThrow(
      'stopped by the test',
    );
    expect(await fingerprints(db)).toEqual(before);
    expect(db.$client.totalCount - db.$client.idleCount).toBe(0);
    expect(await seedLarge(db, { scale: 30, seed: 3 })).toMatchObject({ 'identity.users': 30 });
  });

  it('leaves nothing behind when the server ends its connection', async () => {
    const { db } = database;
    const before = await fingerprints(db);
    let kills = 0;
    const kill = () => {
      kills += 1;
      if (kills > 1) return;
      void query(
        db,
        `select pg_terminate_backend(pid)
         from pg_stat_activity
         where datname = current_database()
           and pid <> pg_backend_pid()
           and xact_start is not null`,
      );
    };
    await expect(seedLarge(db, { scale: 3_000, seed: 4, onProgress: kill })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    });
    expect(await fingerprints(db)).toEqual(before);
  });

  it('lets one of two at the same time write, and the other find it done', async () => {
    const both = [1, 2].map(() => seedLarge(database.db, { scale: 20, seed: 5 }));
    const counts = (await Promise.all(both)).map((found) => found['identity.users'] ?? 0);
    expect(counts.sort()).toEqual([0, 20]);
  });
});

describe('seedLarge refuses', () => {
  const database = useTestDatabase();

  it.each([
    [{ scale: 1, seed: 1 }, 'scale'],
    [{ scale: 10.5, seed: 1 }, 'scale'],
    [{ scale: Number.NaN, seed: 1 }, 'scale'],
    [{ scale: 10, seed: -1 }, 'seed'],
    [{ scale: 10, seed: 2 ** 31 }, 'seed'],
  ])('%o, naming the field', async (options, field) => {
    await expect(seedLarge(database.db, options)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field,
    });
  });

  it('an open transaction, because it is one itself', async () => {
    await expect(
      transaction(database.db, (tx) => seedLarge(tx, { scale: 10, seed: 1 })),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'db' });
  });
});
