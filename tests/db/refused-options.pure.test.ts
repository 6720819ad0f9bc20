import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { PoolExecutor } from '../../src/db/pool-executor.ts';
import { Database } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { AzoraDbError, InvalidInputError } from '../../src/errors.ts';
import * as library from '../../src/index.ts';
import { rejection } from '../setup/errors.ts';

const terms = { isOurs: false, deadlineMs: undefined };
const url = 'postgres://nobody@127.0.0.1:1/none';

describe('connect', () => {
  it.each([
    ['options', null],
    ['options', 5],
    ['url', { url: 5 }],
    ['url', { url: 'postgres://a\0b' }],
    ['applicationName', { url, applicationName: 5 }],
    ['applicationName', { url, applicationName: 'a\0b' }],
    ['applicationName', { url, applicationName: Symbol('a') }],
    ['max', { url, max: '5' }],
    ['statementTimeoutMs', { url, statementTimeoutMs: 1n }],
    ['lockTimeoutMs', { url, lockTimeoutMs: {} }],
    ['connectTimeoutMs', { url, connectTimeoutMs: Number.NaN }],
    ['max', thrower('max')],
    ['maxx', { url, maxx: 5 }],
    ['requireMigrated', { url, requireMigrated: 'no' }],
    ['verify', { url, verify: 1 }],
  ])('refuses %s of another kind', async (field, options) => {
    const error = await rejection(connect(options as never));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ field });
  });

  it.each(['user%00@h/d', 'u:p%00@h/d', 'u@h/d%00', 'u@h/d?options=-c%20a=%00'])(
    'refuses a URL with a NUL character: %s',
    async (rest) => {
      expect(await rejection(connect({ url: `postgres://${rest}` }))).toMatchObject({
        code: 'URL_MALFORMED',
      });
    },
  );
});

/** An object of which one property throws when it is read. */
function thrower(name: string): object {
  return Object.defineProperty({}, name, {
    get: () => {
      throw new Error('secret');
    },
  });
}

// Every function that is exported, but for those that take no database.
const apart = new Set([
  'connect',
  'getDriverError',
  'formatMoney',
  'formatMoneyIn',
  'moneyFromJson',
  'moneyToJson',
  'parseMoney',
  'toDbError',
  'toJson',
]);
const queries = Object.entries(library).filter(
  ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && !apart.has(name),
) as [string, (...args: unknown[]) => unknown][];

describe('what takes a database', () => {
  it.each(queries)(
    '%s refuses what is none, and parameters that are none',
    async (_name, query) => {
      for (const args of [[], [null], [null, null], [{}, {}], [5, 'a']]) {
        // Some throw at once, some reject.
        const error = await rejection((async () => query(...args))());
        expect(error).toBeInstanceOf(AzoraDbError);
      }
    },
  );

  it('transaction names each of its parameters', async () => {
    const run = transaction as (...args: unknown[]) => Promise<unknown>;
    const db = new Database(new PoolExecutor(new pg.Pool(), terms), transaction);
    const refused = async (...args: unknown[]) =>
      ((await rejection(run(...args))) as InvalidInputError).field;
    expect(await refused(null, async () => 1)).toBe('db');
    expect(await refused(db, null)).toBe('callback');
    expect(await refused(db, async () => 1, null)).toBe('options');
    expect(await refused(db, async () => 1, { deferrable: 'yes' })).toBe('deferrable');
    expect(await refused(db, async () => 1, { isolation: null })).toBe('isolation');
    const drizzles = { isolationLevel: 'serializable' };
    expect(await refused(db, async () => 1, drizzles)).toBe('isolationLevel');
    expect(await refused(db, async () => 1, thrower('maxAttempts'))).toBe('maxAttempts');
    expect(await refused(thrower('_'), async () => 1)).toBe('db');
  });
});
