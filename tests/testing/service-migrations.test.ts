import { hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestDatabase, insertUser } from '../../src/testing/index.ts';
import { whenOf, writeMigrations } from '../migrate/fixture.ts';
import { rejection } from '../setup/errors.ts';
import { makeTemporaryFolder, useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl, useTestDatabase } from '../setup/test-database.ts';

const folder = useTemporaryFolder();

const create = `create schema shop;
--> statement-breakpoint
create table shop.orders (buyer_id uuid primary key references identity.users);
--> statement-breakpoint
create table shop.builds as select clock_timestamp()::text as at;`;

const shared = await makeTemporaryFolder();
await writeMigrations(shared, { '0001_create_shop': create });
afterAll(() => rm(shared, { recursive: true }));

const open = (also: string | URL) => createTestDatabase({ serverUrl: testServerUrl(), also });

async function refusalOf(files: Record<string, string>): Promise<Error> {
  await writeMigrations(folder.path, files);
  return rejection(open(folder.path));
}

describe('useTestDatabase with a folder of the service', () => {
  // A path from the root of the project.
  const database = useTestDatabase({ also: relative(join(import.meta.dirname, '../..'), shared) });

  it('has its tables beside those of the library, with keys that hold', async () => {
    const { id } = await insertUser(database.db);
    await database.db.execute(sql`insert into shop.orders values (${id})`);
    const stranger = database.db.execute(sql`insert into shop.orders values (uuidv7())`);
    await expect(stranger).rejects.toMatchObject({ constraint: 'orders_buyer_id_fkey' });
  });

  it('builds one template for all files, by a path and by a URL', async () => {
    const [one, other] = await Promise.all([open(shared), open(pathToFileURL(shared))]);
    try {
      const builds = sql`select at from shop.builds`;
      const { rows } = await database.db.execute(builds);
      expect(rows).toHaveLength(1);
      expect((await one.db.execute(builds)).rows).toEqual(rows);
      expect((await other.db.execute(builds)).rows).toEqual(rows);
    } finally {
      await one.drop();
      await other.drop();
    }
  });

  it('is noted where drizzle-orm looks, so that a service that migrates at its start does nothing', async () => {
    const own = drizzle(database.url);
    await migrate(own, { migrationsFolder: shared });
    await own.$client.end();
    const { rows } = await database.db.execute(
      sql`select hash from drizzle.__drizzle_migrations where created_at = ${whenOf('0001')}`,
    );
    expect(rows).toEqual([{ hash: hash('sha256', create) }]);
  });
});

describe('the template', () => {
  it('is another one after a migration of the service has changed', async () => {
    await writeMigrations(folder.path, { '0000_create_notes': 'create table notes (id int)' });
    const before = await open(folder.path);
    await writeMigrations(folder.path, { '0000_create_notes': 'create table notes (no int)' });
    const after = await open(folder.path);
    try {
      const column = sql`select attname from pg_attribute where attrelid = 'notes'::regclass and attnum = 1`;
      expect((await before.db.execute(column)).rows).toEqual([{ attname: 'id' }]);
      expect((await after.db.execute(column)).rows).toEqual([{ attname: 'no' }]);
    } finally {
      await before.drop();
      await after.drop();
    }
  });

  it('is built with statements that run outside a transaction, in a file that says so', async () => {
    await writeMigrations(folder.path, {
      '0000_create_notes': 'create table notes (id int)',
      '0001_index_notes':
        '-- azora-db: no-transaction\ncreate index concurrently notes_id_idx on notes (id)',
    });
    const { db, drop } = await open(folder.path);
    const { rows } = await db.execute(sql`select to_regclass('notes_id_idx') is not null as found`);
    expect(rows).toEqual([{ found: true }]);
    await drop();
  });
});

describe('a migration of the service that fails', () => {
  it('is named with its file, its statement and what the server said', async () => {
    const error = await refusalOf({
      '0000_create_notes': 'create table notes (id int)',
      '0001_create_orders':
        '-- Orders.\ncreate schema shop;\n--> statement-breakpoint\n-- One each.\ncreate table shop.orders (\n  buyer uuid references identity.user\n);',
    });
    expect(error).toMatchObject({
      name: 'TestingError',
      code: 'TEST_MIGRATION_FAILED',
      cause: { sqlState: '42P01' },
    });
    expect(error.message).toBe(
      `${folder.path}/0001_create_orders.sql: statement 2 of 2 (create table shop.orders () failed: ` +
        'relation "identity.user" does not exist (SQLSTATE 42P01)',
    );
  });

  it('is named too when it fails at its commit, and says nothing of rows', async () => {
    const late = await refusalOf({
      '0000_create_notes':
        'create table notes (id int unique, next int references notes (id) deferrable initially deferred); insert into notes values (1, 2)',
    });
    expect(late.message).toMatch(/0000_create_notes\.sql: its commit failed: .*SQLSTATE 23503/);
    const data = await refusalOf({ '0000_read_number': `select 'hunter2'::int` });
    expect(data.message).toMatch(/failed: the database refused .*SQLSTATE 22P02/);
    expect(data.message.split('failed:')[1]).not.toContain('hunter2');
  });

  it('leaves no template, so that the next run builds it', async () => {
    await refusalOf({ '0000_create_notes': 'create table notes (id nosuchtype)' });
    const again = await rejection(open(folder.path));
    expect(again).toMatchObject({ code: 'TEST_MIGRATION_FAILED' });
  });
});

describe('also', () => {
  it('is refused when it is no folder with migrations, by name', async () => {
    for (const also of ['', 5, null, {}, new URL('https://example.com/drizzle')]) {
      expect(await rejection(open(also as string))).toMatchObject({
        name: 'InvalidInputError',
        field: 'also',
      });
    }
    expect(await rejection(open('./nowhere'))).toMatchObject({ code: 'MIGRATIONS_MISSING' });
  });
});
