import { inspect } from 'node:util';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import { connect, type Database } from '../../src/db/connect.ts';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { AzoraDbError } from '../../src/errors.ts';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';
import { plainPool } from '../setup/plain-pool.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { calls } from './every-query.ts';
import { isForDatabase, outcomeOf, undone } from './outcomes.ts';

// What services do to the whole process, and to their pools.
const { builtins, setTypeParser } = pg.types;
setTypeParser(builtins.INT8, Number);
setTypeParser(builtins.NUMERIC, Number);
setTypeParser(builtins.TIMESTAMPTZ, (text) => `at ${text}`);
setTypeParser(builtins.DATE, (text) => `on ${text}`);

const database = useTestDatabase();
let pool: pg.Pool;
let ours: Database;
let plain: Db;
let overPool: Database;

beforeAll(async () => {
  const options = '-c TimeZone=Asia/Kolkata -c default_transaction_isolation=repeatable\\ read';
  pool = plainPool(database.url, { options });
  ours = database.db;
  plain = drizzle({ client: pool });
  overPool = await connect({ pool });
  await seedDemo(ours);
});
afterAll(() => pool.end());

const beginPlain = (run: (tx: Db) => Promise<void>) =>
  plain.transaction(run, { isolationLevel: 'read committed' });
describe('every query function', () => {
  test('is called here', () => {
    const exported = Object.entries({ ...education, ...finance, ...marketplace })
      .filter(([, value]) => typeof value === 'function' && !isError(value))
      .map(([name]) => name);
    const called = new Set(Object.keys(calls).map((name) => name.replace(/,.*/, '')));
    expect([...called, 'parseWalletAddress'].sort()).toEqual(exported.sort());
  });

  const seen: Record<string, unknown> = {};

  test.each(Object.keys(calls))('%s answers the same through any Drizzle', async (name) => {
    const call = (db: Db) => Promise.resolve(calls[name]?.(db, seen));
    const inOurs = await outcomeOf(() => undone((run) => transaction(ours, run), call));
    const inPlainTx = await outcomeOf(() => undone(beginPlain, call));
    const inOurTx = await outcomeOf(() => undone((run) => transaction(plain, run), call));
    const overGiven = await outcomeOf(() => undone((run) => transaction(overPool, run), call));
    expect(inPlainTx.alike).toEqual(inOurs.alike);
    expect(inOurTx.alike).toEqual(inOurs.alike);
    expect(overGiven.alike).toEqual(inOurs.alike);

    const direct = await outcomeOf(() => call(plain));
    if (isForDatabase(inOurs.alike)) {
      expect(direct.alike).toEqual((await outcomeOf(() => call(ours))).alike);
    } else {
      expect(direct.alike).toEqual(inOurs.alike);
    }
    seen[name] = direct.value;
    expect(inspect(direct.alike, { depth: 9 })).not.toContain('Secret');
    expect(name.endsWith(', refused')).toBe(direct.value === undefined && isRefusal(direct.alike));
  });
});

describe('a cursor', () => {
  test('of one session is good in another, whose time zone is not the same', async () => {
    const inKolkata = await marketplace.listJobs(plain, { limit: 1 });
    const inUtc = await marketplace.listJobs(ours, { limit: 1 });
    expect(inKolkata.nextCursor).not.toBe(inUtc.nextCursor);
    const cursor = inKolkata.nextCursor ?? '';
    const next = await marketplace.listJobs(ours, { limit: 1, cursor });
    expect(next.items).toHaveLength(1);
    const again = await marketplace.listJobs(plain, { limit: 1, cursor: inUtc.nextCursor ?? '' });
    expect(again.items).toEqual(next.items);
  });
});

function isRefusal(outcome: unknown): boolean {
  return typeof outcome === 'object' && outcome !== null && 'name' in outcome && 'code' in outcome;
}

function isError(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof AzoraDbError;
}
