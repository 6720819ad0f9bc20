import { execFileSync } from 'node:child_process';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { transaction } from '../../src/db/transaction.ts';
import { add, balances, expectNothingLeaked, useAccounts } from '../setup/accounts.ts';
import { rejection } from '../setup/errors.ts';
import { pidOf } from '../setup/pid-of.ts';
import { waitFor } from '../setup/wait-for.ts';

const database = useAccounts();

beforeAll(async () => {
  // A COMMIT that takes as long as a test needs: the trigger waits for a lock that the test holds.
  await database.db.$client.query(`
    create function wait_for_test() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(42);
      return null;
    end $$;
    create table slow_to_commit (id integer);
    create constraint trigger slow_to_commit_wait after insert on slow_to_commit
      deferrable initially deferred for each row execute function wait_for_test();
  `);
});

/** Ends a connection, and returns when its backend is gone. */
async function kill(pid: number): Promise<void> {
  await database.db.execute(sql`select pg_terminate_backend(${pid}, 60000)`);
}

/** The same while this process is held still, so that it cannot have noticed when this returns. */
function killUnnoticed(pid: number): void {
  const script = `
    import pg from 'pg';
    const client = new pg.Client({ connectionString: process.env.TEST_URL });
    await client.connect();
    await client.query('select pg_terminate_backend($1, 60000)', [${pid}]);
    await client.end();
  `;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TEST_URL: database.url },
  });
}

describe('transaction, when its connection is killed,', () => {
  test('while idle, rejects that call and nothing else', async () => {
    let other: Promise<string> | undefined;
    const run = transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      other = transaction(database.db, async (tx2) => {
        await add(tx2, 2, 1);
        await tx2.execute(sql`select pg_sleep(0.05)`);
        return 'kept';
      });
      await kill(await pidOf(tx));
      await add(tx, 1, 30);
    });
    expect(await rejection(run)).toMatchObject({
      name: 'ConnectionLostError',
      code: 'CONNECTION_LOST',
    });
    expect(await other).toBe('kept');
    expect(await balances(database.db)).toEqual([100n, 101n]);
    await waitFor(
      'the pool is in order',
      () => database.db.$client.idleCount === database.db.$client.totalCount,
    );
    expectNothingLeaked(database);
  });

  test('while idle and not used again, is not taken for a commit', async () => {
    const run = transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      await kill(await pidOf(tx));
      await waitFor(
        'the loss arrived',
        async () => (await tx.execute(sql`select 1`).catch(() => null)) === null,
      );
    });
    expect(await rejection(run)).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await balances(database.db)).toEqual([100n, 100n]);
  });

  test('in the middle of a statement, rejects that call', async () => {
    let pid = 0;
    const run = transaction(database.db, async (tx) => {
      pid = await pidOf(tx);
      await add(tx, 1, -30);
      await tx.execute(sql`select pg_sleep(60)`);
    });
    const refused = rejection(run);
    await waitFor('the statement runs', async () => {
      const { rows } = await database.db.execute(
        sql`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`,
      );
      return rows.length === 1;
    });
    await kill(pid);
    expect(await refused).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await balances(database.db)).toEqual([100n, 100n]);
    expectNothingLeaked(database);
  });

  test('in the middle of a statement that nobody awaits, is not taken for an unknown commit', async () => {
    const run = transaction(database.db, async (tx) => {
      const pid = await pidOf(tx);
      await add(tx, 1, -30);
      tx.execute(sql`select pg_terminate_backend(${pid})`).catch(() => 'not awaited');
    });
    expect(await rejection(run)).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await balances(database.db)).toEqual([100n, 100n]);
  });

  test('during COMMIT, says that nobody knows, and does not try again', async () => {
    const holder = await database.db.$client.connect();
    await holder.query('select pg_advisory_lock(42)');
    let pid = 0;
    let runs = 0;
    try {
      const run = transaction(database.db, async (tx) => {
        runs += 1;
        pid = await pidOf(tx);
        await tx.execute(sql`insert into slow_to_commit values (1)`);
      });
      const refused = rejection(run);
      await waitFor('COMMIT has begun', async () => {
        const { rows } = await holder.query(
          `select from pg_stat_activity where pid = $1 and query = 'commit' and wait_event = 'advisory'`,
          [pid],
        );
        return rows.length === 1;
      });
      await kill(pid);
      expect(await refused).toMatchObject({
        name: 'CommitUnknownError',
        code: 'COMMIT_UNKNOWN',
        cause: { code: 'CONNECTION_LOST' },
      });
      expect(runs).toBe(1);
    } finally {
      await holder.query('select pg_advisory_unlock(42)');
      holder.release();
    }
    expectNothingLeaked(database);
  });

  test('before BEGIN, leaks nothing: the pool serves the next call', async () => {
    const db = await connect({ url: database.url, requireMigrated: false, max: 1 });
    try {
      killUnnoticed(await pidOf(db));
      let runs = 0;
      const run = transaction(db, async () => {
        runs += 1;
      });
      expect(await rejection(run)).toMatchObject({ code: 'CONNECTION_LOST' });
      expect(runs).toBe(0);
      await transaction(db, (tx) => add(tx, 1, 1));
      expect(await balances(db)).toEqual([101n, 100n]);
      expect(db.$client.totalCount).toBe(1);
      expect(db.$client.waitingCount).toBe(0);
    } finally {
      await db.close();
    }
  });

  test('by its own idle timeout, rejects that call', async () => {
    const run = transaction(database.db, async (tx) => {
      await add(tx, 1, -30);
      await tx.execute(sql`set local idle_in_transaction_session_timeout = '20ms'`);
      const pid = await pidOf(tx);
      await waitFor('the server ended it', async () => {
        const { rows } = await database.db.execute(
          sql`select from pg_stat_activity where pid = ${pid}`,
        );
        return rows.length === 0;
      });
      await add(tx, 1, 30);
    });
    const error = await rejection(run);
    expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(error.message).toContain('idle_in_transaction_session_timeout');
    expect(await balances(database.db)).toEqual([100n, 100n]);
  });

  test('over and over, leaves a pool that works', async () => {
    const runs = Array.from({ length: 40 }, (_, index) =>
      transaction(database.db, async (tx) => {
        await add(tx, 1 + (index % 2), 1);
        if (index % 4 === 0) {
          const pid = await pidOf(tx);
          await tx.execute(sql`select pg_terminate_backend(${pid})`);
        }
      }),
    );
    const results = await Promise.allSettled(runs);
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(10);
    expect(await balances(database.db)).toEqual([110n, 120n]);
    await waitFor('the pool is in order', () => database.db.$client.waitingCount === 0);
    expectNothingLeaked(database);
  });
});
