import { drizzle } from 'drizzle-orm/node-postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import { type ConnectOptions, connect } from '../../src/db/connect.ts';
import type { Db } from '../../src/db/session.ts';
import { neededOfOurs } from '../../src/db/session-settings.ts';
import { transaction } from '../../src/db/transaction.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { plainPool } from '../setup/plain-pool.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { calls } from './every-query.ts';
import { outcomeOf, undone } from './outcomes.ts';

const database = useTestDatabase();
const open = useOpen(database);
const drops: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const drop of drops.reverse()) await drop();
});

/** Whatever no result may depend on. */
const planning = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_hashagg: 'off',
  enable_sort: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit_above_cost: '0',
};
const harmless = {
  TimeZone: 'America/St_Johns',
  IntervalStyle: 'sql_standard',
  bytea_output: 'escape',
  quote_all_identifiers: 'on',
  row_security: 'off',
  search_path: 'nowhere',
  default_transaction_isolation: 'serializable',
  default_text_search_config: 'pg_catalog.german',
  xmloption: 'document',
  'pg_trgm.similarity_threshold': '1',
};
const harmful = {
  standard_conforming_strings: 'off',
  extra_float_digits: '-15',
  array_nulls: 'off',
  transform_null_equals: 'on',
  gin_fuzzy_search_limit: '1',
};
const german = { ...harmless, ...harmful, DateStyle: 'German', client_encoding: 'LATIN1' };
const slashed = { ...german, ...planning, DateStyle: 'SQL, DMY', TimeZone: 'Africa/Monrovia' };

/** The URL of a new role that has these settings. */
async function roleWith(name: string, settings: Record<string, string>): Promise<string> {
  const { $client } = database.db;
  const role = `azora_settings_${name}_${process.pid}`;
  await $client.query(`create role ${role} superuser login password 'hunter2'`);
  drops.push(() => $client.query(`drop role ${role}`));
  for (const [setting, value] of Object.entries(settings)) {
    await $client.query(`alter role ${role} set ${setting} = '${value}'`);
  }
  const url = new URL(database.url);
  url.username = role;
  url.password = 'hunter2';
  return url.href;
}

function poolOf(url: string) {
  const pool = plainPool(url, { max: 2 });
  drops.push(() => pool.end());
  return pool;
}

beforeAll(() => seedDemo(database.db));

describe('every query function', () => {
  const others: Record<string, Db> = {};
  const seen: Record<string, unknown> = {};

  beforeAll(async () => {
    const options = { max: 2 };
    others.German = await open({ ...options, url: await roleWith('german', german) });
    const slashedUrl = new URL(await roleWith('slashed', slashed));
    slashedUrl.searchParams.set('options', '-c DateStyle=German -c extra_float_digits=0');
    others.slashed = await open({ ...options, url: slashedUrl.href });
    others.given = drizzle({
      client: poolOf(await roleWith('given', { ...harmless, ...planning })),
    });
  });

  test.each(Object.keys(calls))('%s answers the same whatever the role sets', async (name) => {
    const call = (db: Db) => Promise.resolve(calls[name]?.(db, seen));
    const run = (db: Db) => outcomeOf(() => undone((work) => transaction(db, work), call));
    const expected = await run(database.db);
    for (const [role, db] of Object.entries(others)) {
      expect((await run(db)).alike, role).toEqual(expected.alike);
    }
    seen[name] = (await outcomeOf(() => call(database.db))).value;
  });
});

describe('what every table does at a plain update or delete', () => {
  /** How the server answered each statement, of which nothing is kept. */
  async function answers(url: string): Promise<string[]> {
    const client = await poolOf(url).connect();
    const { rows } = await database.db.$client.query(
      `select format('%I.%I', nspname, relname) as name, quote_ident(attname) as column
       from pg_class
         join pg_namespace on pg_namespace.oid = relnamespace
         join pg_attribute on attrelid = pg_class.oid and attnum = 1
       where relkind = 'r' and nspname in ('platform', 'education', 'finance', 'marketplace')
       order by 1`,
    );
    const said: string[] = [];
    for (const { name, column } of rows) {
      const identity = `update ${name} set ${column} = ${name}.${column}`;
      for (const statement of [identity, `delete from ${name}`]) {
        const text = `begin; ${statement}; set constraints all immediate`;
        const answer = await client.query(text).then(
          () => 'done',
          ({ code, message }) => `${code} ${message}`,
        );
        said.push(`${statement}: ${answer}`);
        await client.query('rollback');
      }
    }
    client.release();
    return said;
  }

  test('is the same whatever the session sets, as in psql', async () => {
    const dates = { DateStyle: 'SQL, DMY', TimeZone: 'Africa/Harare' };
    const url = await roleWith('psql', { ...dates, ...harmless, ...harmful });
    const zoned = new URL(url);
    zoned.searchParams.set('options', '-c TimeZone=Africa/Harare');
    const plain = await answers(database.url);
    expect(plain.filter((answer) => answer.endsWith(': done')).length).toBeGreaterThan(20);
    expect(await answers(zoned.href)).toEqual(plain);
  });
});

describe('a session', () => {
  async function faultsOf(options: ConnectOptions): Promise<string[]> {
    const db = await open(options);
    const { rows } = await db.$client.query('select name, setting from pg_settings');
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    return neededOfOurs
      .filter(({ name, accepts }) => !accepts(settings.get(name)))
      .map(({ name }) => name);
  }
  const hostile = Object.entries({ ...harmful, DateStyle: 'German', TimeZone: 'Asia/Tokyo' })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');

  test('has what values depend on, whatever the options of the URL say', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', hostile);
    expect(await faultsOf({ url: url.href })).toEqual([]);
  });

  test('and whatever PGOPTIONS, PGTZ and PGDATESTYLE say', async () => {
    vi.stubEnv('PGOPTIONS', hostile);
    vi.stubEnv('PGTZ', 'Asia/Tokyo');
    vi.stubEnv('PGDATESTYLE', 'German');
    try {
      expect(await faultsOf({ max: 1 })).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('that runs no triggers is refused', async () => {
    const url = await roleWith('replica', { session_replication_role: 'replica' });
    const error = await rejection(open({ url }));
    expect(error).toMatchObject({ name: 'ConnectError', code: 'SETTINGS_NOT_KEPT' });
    expect(error.message).toContain('session_replication_role is replica and not origin');
  });

  test.each(Object.entries({ ...harmful, DateStyle: 'German' }))(
    'of a pool of the caller is refused with %s = %s',
    async (name, value) => {
      const pool = plainPool(database.url, { options: `-c ${name}=${value}` });
      drops.push(() => pool.end());
      const error = await rejection(connect({ pool }));
      expect(error).toMatchObject({ name: 'ConnectError', code: 'SETTINGS_NOT_KEPT' });
      expect(error.message).toContain(`${name} is ${value}`);
    },
  );
});
