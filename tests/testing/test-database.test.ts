import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import { readJournal } from '../../src/migrate/index.ts';
import { createEmptyTestDatabase, createTestDatabase } from '../../src/testing/index.ts';
import { rejection } from '../setup/errors.ts';
import { queryOne } from '../setup/query.ts';
import { testServerUrl, useEmptyTestDatabase, useTestDatabase } from '../setup/test-database.ts';
import { waitFor } from '../setup/wait-for.ts';
import { listDatabases } from './admin.ts';

const databaseOf = (url: string) => new URL(url).pathname.slice(1);

describe('createTestDatabase', () => {
  it('gives a database with every migration of this library', async () => {
    const { url, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
    try {
      const row = await queryOne(url, 'select count(*)::int as applied from azora_db.migrations');
      expect(row).toEqual({ applied: readJournal().length });
    } finally {
      await drop();
    }
  });

  it('sorts and folds text alike on every server', async () => {
    const { url, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
    try {
      const row = await queryOne(
        url,
        `select lower('ÉÇ') as lowered, array(select unnest(array['b', 'ä', 'B', 'a']) order by 1) as sorted`,
      );
      expect(row).toEqual({ lowered: 'éç', sorted: ['B', 'a', 'b', 'ä'] });
    } finally {
      await drop();
    }
  });

  it('takes letters beyond ASCII for letters in contrib code, too', async () => {
    const { url, db, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
    try {
      await db.execute(sql`create extension pg_trgm`);
      const row = await queryOne(url, `select similarity('Öl', 'Äl') as alike`);
      expect(row).toEqual({ alike: 0 });
    } finally {
      await drop();
    }
  });

  it('keeps two databases apart', async () => {
    const [one, other] = await Promise.all([
      createTestDatabase({ serverUrl: testServerUrl() }),
      createTestDatabase({ serverUrl: testServerUrl() }),
    ]);
    try {
      await one.db.execute(sql`create table notes (id int)`);
      const find = `select to_regclass('public.notes') is not null as found`;
      expect(await queryOne(one.url, find)).toEqual({ found: true });
      expect(await queryOne(other.url, find)).toEqual({ found: false });
    } finally {
      await one.drop();
      await other.drop();
    }
  });

  it('drops the database although somebody is connected', async () => {
    const { url, db, drop } = await createTestDatabase({ serverUrl: testServerUrl(), max: 1 });
    await db.execute(sql`select 1`);
    const forgotten = queryOne(url, 'select pg_sleep(600)').catch((error) => error.code);
    await waitFor('the connection is busy', async () => {
      const { rowCount } = await db.execute(
        sql`select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
      );
      return rowCount === 1;
    });
    await drop();
    expect(await forgotten).toBe('57P01');
    expect(await listDatabases(databaseOf(url))).toEqual([]);
  });
});

describe('drop', () => {
  it('ends although a connection of the pool was never given back', async () => {
    const { url, db, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
    const taken = await db.$client.connect();
    const ended = once(taken, 'error');
    await drop();
    expect(await listDatabases(databaseOf(url))).toEqual([]);
    expect(await ended).toMatchObject([{ code: '57P01' }]);
    // The driver's own error, which has no code.
    await expect(taken.query('select 1')).rejects.toThrow('is not queryable');
    taken.release(true);
  });

  it('ends so too where nothing else keeps the process running', async () => {
    const script = `
      import { createTestDatabase } from ${JSON.stringify(import.meta.resolve('../../src/testing/index.ts'))};
      const { db, drop } = await createTestDatabase({ serverUrl: ${JSON.stringify(testServerUrl())} });
      await db.$client.connect();
      await drop();
      console.log('dropped');`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
    ]);
    expect(stdout).toBe('dropped\n');
  });

  it('ends a transaction that is still open, and leaves nothing of the pool', async () => {
    const { db, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
    let isOpen = () => {};
    const begun = new Promise<void>((resolve) => {
      isOpen = resolve;
    });
    const open = transaction(db, async (tx) => {
      await tx.execute(sql`select 1`);
      isOpen();
      await tx.execute(sql`select pg_sleep(600)`);
    });
    await begun;
    const [error] = await Promise.all([rejection(open), drop()]);
    expect(error).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(db.$client.totalCount).toBe(0);
  });
});

describe('createEmptyTestDatabase', () => {
  it('gives a database with nothing in it', async () => {
    const { url, drop } = await createEmptyTestDatabase(testServerUrl());
    const row = await queryOne(
      url,
      `select count(*)::int as tables from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    expect(row).toEqual({ tables: 0 });
    await drop();
    expect(await listDatabases(databaseOf(url))).toEqual([]);
  });
});

describe('useTestDatabase', () => {
  const urls: string[] = [];

  let tooEarly = '';

  describe('inside a describe', () => {
    const database = useTestDatabase();
    try {
      tooEarly = database.url;
    } catch (error) {
      tooEarly = (error as Error).message;
    }

    it('has url and db while tests run', async () => {
      urls.push(database.url);
      const { rows } = await database.db.execute(sql`select current_database() as name`);
      expect(rows).toEqual([{ name: databaseOf(database.url) }]);
    });

    it('is the same database in every test', async () => {
      expect(database.url).toBe(urls[0]);
    });
  });

  it('has dropped it after the last of them', async () => {
    expect(urls).toHaveLength(1);
    expect(await listDatabases(databaseOf(urls[0] ?? ''))).toEqual([]);
  });

  it('says so when it is used while tests are collected', () => {
    expect(tooEarly).toBe('The test database is there in tests and hooks only.');
  });
});

describe('useEmptyTestDatabase', () => {
  const database = useEmptyTestDatabase();

  it('has the url of an empty database while tests run', async () => {
    const row = await queryOne(database.url, `select to_regnamespace('drizzle') as schema`);
    expect(row).toEqual({ schema: null });
  });
});
