import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import {
  type ConnectOptions,
  getWallet,
  openWallet,
  type StatementEvent,
  TimeoutError,
  transaction,
} from '../../src/index.ts';
import { insertUser } from '../../src/testing/index.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const open = useOpen(database);

async function openWatched(options: ConnectOptions = {}) {
  const events: StatementEvent[] = [];
  const db = await open({ ...options, onStatement: (event) => events.push(event) });
  return { db, events };
}

describe('onStatement', () => {
  it('is told of a query function by the name in the catalogue, without values', async () => {
    const { id: userId } = await insertUser(database.db);
    await openWallet(database.db, { userId, currency: 'AZR' });
    const { db, events } = await openWatched();
    const before = Date.now();
    await getWallet(db, { userId, currency: 'AZR' });
    expect(events).toEqual([
      {
        name: 'select_wallet',
        text: expect.stringMatching(/^select[\s\S]*\$1/),
        startedAt: expect.any(Number),
        durationMs: expect.any(Number),
        waitedMs: expect.any(Number),
        rows: 1,
        error: undefined,
      },
    ]);
    const [event] = events as [StatementEvent];
    expect(event.startedAt).toBeGreaterThanOrEqual(before);
    expect(event.durationMs).toBeGreaterThanOrEqual(event.waitedMs);
    expect(JSON.stringify(events)).not.toContain(userId);
  });

  it('is told of each statement of a transaction, in order, begin and commit among them', async () => {
    const { db, events } = await openWatched();
    await transaction(db, async (tx) => {
      await tx.execute(sql`select ${1}::int`);
      await transaction(tx, (inner) => inner.execute(sql`select 1 where false`));
    });
    expect(events.map(({ text, rows }) => [text.split(/[ ;]/)[0], rows])).toEqual([
      ['begin', null],
      ['select', 1],
      ['savepoint', null],
      ['select', 0],
      ['release', null],
      ['commit', null],
    ]);
  });

  it('is told of the error that the caller gets, and of one of a lost connection', async () => {
    const { db, events } = await openWatched({ statementTimeoutMs: 50 });
    const error = await rejection(db.execute(sql`select pg_sleep(10)`));
    expect(error).toBeInstanceOf(TimeoutError);
    const lost = await rejection(db.execute(sql`select pg_terminate_backend(pg_backend_pid())`));
    expect(events.map((event) => event.error)).toEqual([error, lost]);
    expect(events.map(({ rows }) => rows)).toEqual([null, null]);
  });

  it('counts what a statement waits for a connection', async () => {
    const { db, events } = await openWatched({ max: 1 });
    await Promise.all([db.execute(sql`select pg_sleep(0.2)`), db.execute(sql`select 'second'`)]);
    const [first, second] = events as [StatementEvent, StatementEvent];
    expect(first.durationMs - first.waitedMs).toBeGreaterThan(190);
    expect(second.waitedMs).toBeGreaterThan(190);
  });

  it('is called in the context of the caller', async () => {
    const requests = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const db = await open({ max: 1, onStatement: () => seen.push(requests.getStore()) });
    await Promise.all(
      ['a', 'b', 'c'].map((request) =>
        // Drizzle sends when it is awaited.
        requests.run(request, async () => void (await db.execute(sql`select 1`))),
      ),
    );
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('is told of a statement on a pool of the caller too', async () => {
    const events: StatementEvent[] = [];
    const pool = database.db.$client;
    const db = await open({ pool, onStatement: (event) => events.push(event) });
    await db.execute(sql`select 1`);
    expect(events).toMatchObject([{ text: 'select 1', rows: 1, name: undefined }]);
  });

  it('does not change what happens, whatever it throws', async () => {
    const warnings: unknown[] = [];
    const warn = (warning: unknown) => warnings.push(warning);
    process.on('warning', warn);
    const thrown = new Error('the exporter is full');
    const db = await open({
      onStatement: () => {
        throw thrown;
      },
    });
    const { rows } = await db.execute(sql`select 1 as one`);
    await new Promise(setImmediate);
    process.off('warning', warn);
    expect(rows).toEqual([{ one: 1 }]);
    expect(warnings).toEqual([thrown]);
  });

  it('is refused if it is no function', async () => {
    const refused = open({ onStatement: 5 as never });
    expect(await rejection(refused)).toMatchObject({ field: 'onStatement' });
  });
});
