import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { migrate as migrateByDrizzle } from 'drizzle-orm/node-postgres/migrator';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/session.ts';
import { defaultMigrationsFolder, readJournal } from '../../src/journal.ts';
import { useMigratedDatabases } from '../migrate/databases.ts';
import { useSharedBooks, writeMigrations } from '../migrate/fixture.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const folder = useTemporaryFolder();
const migratedDatabase = useMigratedDatabases();
const opened: Database[] = [];

async function open(options: object = {}) {
  const db = await connect({ url: database.url, ...options });
  opened.push(db);
  return db;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});

describe("Drizzle's migrate", () => {
  it('runs on our database, in one transaction', async () => {
    const db = await open();
    const settings = { migrationsFolder: '', migrationsSchema: 'own_books' };
    settings.migrationsFolder = await writeMigrations(join(folder.path, 'drizzle'), {
      '0001_cats': 'create table own_cats (id int)',
      '0002_dogs': 'create table own_dogs (id int); select 1 / 0',
    });
    expect(await rejection(migrateByDrizzle(db, settings))).toMatchObject({ sqlState: '22012' });
    const found = () => db.execute(sql`select to_regclass('own_cats')::text as name`);
    expect((await found()).rows).toEqual([{ name: null }]);
    await writeMigrations(join(folder.path, 'drizzle'), {
      '0001_cats': 'create table own_cats (id int)',
    });
    await migrateByDrizzle(db, settings);
    await migrateByDrizzle(db, settings);
    expect((await found()).rows).toEqual([{ name: 'own_cats' }]);
  });
});

describe("Drizzle's migrate, beside this library's migrations", () => {
  const write = (table: string) =>
    writeMigrations(join(folder.path, 'others'), { '0001_own': `create table ${table} (id int)` });

  it('applies those of a service, which are older, into books of its own', async () => {
    const db = await open();
    await migrateByDrizzle(db, { migrationsFolder: await write('own_birds') });
    expect((await db.execute(sql`select from own_birds`)).rowCount).toBe(0);
  });

  it('records ours where migrate does', async () => {
    const db = await open();
    await migrateByDrizzle(db, { migrationsFolder: defaultMigrationsFolder() });
    expect((await db.execute(sql`select from azora_db.migrations`)).rowCount).toBe(
      readJournal().length,
    );
  });

  it('is refused in their books, before any work, where older releases had them as well', async () => {
    const url = await migratedDatabase();
    const db = await open({ url });
    const migrationsFolder = await write('own_fish');
    const inOurs = { migrationsSchema: 'azora_db', migrationsTable: 'migrations' };
    const refused = { field: 'migrationsTable' };
    const attempt = (books: object) =>
      rejection(migrateByDrizzle(db, { migrationsFolder, ...books }));
    expect(await attempt(inOurs)).toMatchObject(refused);
    await useSharedBooks(url);
    expect(await attempt({})).toMatchObject(refused);
    await migrateByDrizzle(db, { migrationsFolder: defaultMigrationsFolder() });
    const { rows } = await db.execute(sql`
      select to_regclass('own_fish') as name, to_regclass('azora_db.migrations') as books`);
    expect(rows).toEqual([{ name: null, books: null }]);
  });
});
