import { setImmediate as nextImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type SQL, sql } from 'drizzle-orm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PoolExecutor } from '../../src/db/pool-executor.ts';
import { type Db, executorOf } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { pidOf } from '../setup/pid-of.ts';
import { startProxy } from '../setup/proxy.ts';
import { queryOne } from '../setup/query.ts';
import { useEmptyTestDatabase } from '../setup/test-database.ts';
import { waitFor } from '../setup/wait-for.ts';

const database = useEmptyTestDatabase();
const open = useOpen(database);

/** From here on, deadlines run by a clock that stands still until a test moves it. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

afterEach(() => {
  vi.useRealTimers();
});

/** Runs a statement that sleeps; by the clock of the deadlines, its answer comes after an hour. */
async function executeForAnHour(db: Db, sleeping: SQL): Promise<void> {
  const running = db.execute(sleeping).execute();
  const isRunning = `select count(*)::int as count from pg_stat_activity
    where state = 'active' and wait_event = 'PgSleep' and datname = current_database()`;
  await waitFor('the server works on it', async () => {
    const row = await queryOne(database.url, isRunning);
    return (row as { count: number }).count === 1;
  });
  await vi.advanceTimersByTimeAsync(3_600_000);
  await running;
}

describe('a connection that gets no answer', () => {
  test('waits no longer for a frozen network than for a statement and 5 s, and uses no frozen connection again', async () => {
    const proxy = await startProxy(database.url);
    try {
      const db = await open({
        url: proxy.url,
        max: 3,
        statementTimeoutMs: 500,
        connectTimeoutMs: 3_000,
        idleInTransactionTimeoutMs: 0,
        idleTimeoutMs: 0,
      });
      const one = sql`select 1`;
      let begun = 0;
      let isFrozen = false;
      const untilFrozen = async (tx: Db) => {
        await tx.execute(one);
        begun += 1;
        await waitFor('the network is frozen', () => isFrozen);
      };
      const inside = transaction(db, async (tx) => {
        await untilFrozen(tx);
        await tx.execute(one);
      });
      const atCommit = transaction(db, untilFrozen);
      const refused = [inside, atCommit].map(rejection);
      await waitFor('two transactions are open and a third connection is idle', async () => {
        await db.execute(one);
        return begun === 2 && db.$client.idleCount === 1;
      });
      proxy.freeze();
      stopTheClock();
      isFrozen = true;
      const alone = rejection(db.execute(one));
      await waitFor('three wait for an answer', () => vi.getTimerCount() === 3);
      await vi.advanceTimersByTimeAsync(5_499);
      expect(vi.getTimerCount()).toBe(3);
      await vi.advanceTimersByTimeAsync(1);
      expect(vi.getTimerCount()).toBe(0);
      expect(await alone).toMatchObject({ name: 'ConnectionLostError', code: 'CONNECTION_LOST' });
      expect((await alone).message).toContain('no answer within 5500 ms');
      expect(await refused[0]).toMatchObject({ name: 'ConnectionLostError' });
      expect(await refused[1]).toMatchObject({
        name: 'CommitUnknownError',
        cause: { name: 'ConnectionLostError' },
      });
      expect(db.$client.totalCount).toBe(0);
      const unconnected = rejection(db.execute(one));
      await waitFor('it waits for a connection', () => vi.getTimerCount() > 0);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await unconnected).toMatchObject({ code: 'SERVER_DOWN' });
      proxy.thaw();
      expect(await pidOf(db)).toBeGreaterThan(0);
    } finally {
      proxy.stop();
    }
  });

  test('takes the answer that arrived while this process was held up past the deadline', async () => {
    const { $client: pool } = await open();
    const answer = new PoolExecutor(pool, { isOurs: true, deadlineMs: 1_500 }).query(
      `select 'here' as answer, pg_sleep(0.5)`,
    );
    await sleep(100);
    // From here the event loop goes on with timers that are due, and reads from sockets after that.
    await nextImmediate();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    expect((await answer).rows[0]).toMatchObject({ answer: 'here' });
  });

  test.each([
    sql`SET LOCAL STATEMENT_TIMEOUT = 0`,
    sql`select set_config(${'statement_timeout'}, '0', true)`,
  ])('sets no deadline for a transaction that sets its own timeout: %#', async (lift) => {
    const db = await open({ max: 1, statementTimeoutMs: 100, idleTimeoutMs: 0 });
    const pid = await pidOf(db);
    stopTheClock();
    await transaction(db, async (tx) => {
      await tx.execute(lift);
      await executeForAnHour(tx, sql`select pg_sleep(0.5)`);
    });
    const tooLong = rejection(db.execute(sql`select pg_sleep(5.5)`));
    expect(await tooLong).toMatchObject({ code: 'STATEMENT_CANCELED' });
    expect(await pidOf(db)).toBe(pid);
  });

  test('gives each statement of a text its time', async () => {
    const db = await open({ max: 1, statementTimeoutMs: 1_000, idleTimeoutMs: 0 });
    const pid = await pidOf(db);
    const three = sql.raw(Array.from({ length: 3 }, () => 'select pg_sleep(0.4)').join('; '));
    stopTheClock();
    await executeForAnHour(db, three);
    await transaction(db, (tx) => executeForAnHour(tx, three));
    expect(await pidOf(db)).toBe(pid);
  });

  test.each([
    ['the option', {}, { statementTimeoutMs: 1_000 }, 6_000],
    ['the URL', { statement_timeout: '2000' }, {}, 7_000],
    ['the options of the URL', { options: '-c statement_timeout=3s' }, {}, 8_000],
    ['the default', {}, {}, 35_000],
    ['no limit', {}, { statementTimeoutMs: 0 }, undefined],
  ])(
    'knows the deadline by what the sessions got from %s',
    async (_what, parameters, options, deadlineMs) => {
      const url = new URL(database.url);
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      const executor = executorOf(await open({ url: url.href, ...options }));
      expect(executor).toMatchObject({ deadlineMs });
    },
  );
});
