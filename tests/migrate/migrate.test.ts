import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { migrate } from '../../src/migrate/index.ts';
import { packageRoot } from '../../src/package-root.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases } from './databases.ts';
import {
  books,
  type Files,
  migrateByDrizzle,
  run,
  tablesOf,
  whenOf,
  writeMigrations,
} from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const write = (files: Files) => writeMigrations(join(folder.path, 'drizzle'), files);

const CATS = 'create table cats (id int primary key);';
const DOGS = 'create table dogs (id int);\n--> statement-breakpoint\ncreate table cows (id int);';

describe('migrate', () => {
  it('applies what is missing, in order, and then has nothing left to do', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0001_cats'] });
    await write({
      '0001_cats': CATS,
      '0002_dogs': DOGS,
      '0003_more': 'alter table dogs add n int',
    });
    expect(await migrate({ url, migrationsFolder })).toEqual({
      applied: ['0002_dogs', '0003_more'],
    });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: [] });
    expect(await tablesOf(url)).toEqual(['cats', 'cows', 'dogs']);
  });

  it('keeps the books that drizzle keeps, so that either goes on after the other', async () => {
    const [ours, theirs] = [await emptyDatabase(), await emptyDatabase()];
    const migrationsFolder = await write({ '0001_cats': CATS });
    await migrate({ url: ours, migrationsFolder });
    await migrateByDrizzle(theirs, migrationsFolder);
    expect(await books(ours)).toEqual([
      { hash: createHash('sha256').update(CATS).digest('hex'), created_at: '1000' },
    ]);
    expect(await books(theirs)).toEqual(await books(ours));
    await write({ '0001_cats': CATS, '0002_dogs': DOGS });
    expect(await migrate({ url: theirs, migrationsFolder })).toEqual({ applied: ['0002_dogs'] });
    await migrateByDrizzle(ours, migrationsFolder);
    expect(await books(theirs)).toEqual(await books(ours));
    expect(await tablesOf(theirs)).toEqual(await tablesOf(ours));
    await migrateByDrizzle(theirs, migrationsFolder);
    expect(await migrate({ url: ours, migrationsFolder })).toEqual({ applied: [] });
    expect(await books(theirs)).toHaveLength(2);
  });

  it('goes on in books whose sequence was not copied with their rows', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS });
    await migrate({ url, migrationsFolder });
    await run(url, `select setval('drizzle.__drizzle_migrations_id_seq', 1, false)`);
    await write({ '0001_cats': CATS, '0002_dogs': DOGS });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0002_dogs'] });
  });

  it('says which file is missing, before it connects', async () => {
    const migrationsFolder = join(folder.path, 'drizzle');
    await expect(migrate({ url: '', migrationsFolder })).rejects.toMatchObject({
      name: 'AzoraDbError',
      code: 'MIGRATIONS_MISSING',
    });
    await write({ '0001_cats': CATS });
    await rm(join(migrationsFolder, '0001_cats.sql'));
    await expect(migrate({ url: '', migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATIONS_MISSING',
      message: expect.stringContaining('The journal lists 0001_cats'),
    });
  });

  it('keeps the migrations before a failed one, nothing of that one, and goes on from there', async () => {
    const url = await emptyDatabase();
    const broken =
      'create table dogs (id int);\n--> statement-breakpoint\ncreate table cats (id int);';
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_dogs': broken });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '42P07',
      message: expect.stringMatching(
        /0002_dogs failed at statement 2 of 2: .*"cats" already exists/,
      ),
    });
    expect(await tablesOf(url)).toEqual(['cats']);
    expect(await books(url)).toHaveLength(1);
    await write({ '0001_cats': CATS, '0002_dogs': DOGS });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0002_dogs'] });
  });

  it.each([
    ['commit', `${CATS}\ncommit;`],
    ['begin', `-- azora-db: no-transaction\nbegin;\n--> statement-breakpoint\n${CATS}`],
  ])('refuses a migration with %s, and runs nothing of it', async (words, text) => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_dogs': DOGS, '0002_cats': text });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_TRANSACTION_CONTROL',
      message: expect.stringMatching(
        new RegExp(`^Migration 0002_cats was not begun: statement 1 of \\d has "${words}"`),
      ),
    });
    expect(await tablesOf(url)).toEqual(['cows', 'dogs']);
    expect(await books(url)).toHaveLength(1);
  });

  it('counts a constraint that is checked at commit as a failure of that migration', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_cats': `${CATS} create table kittens (cat int references cats deferrable initially deferred);`,
      '0002_orphan': 'insert into kittens values (1);',
    });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      sqlState: '23503',
      message: expect.stringContaining('0002_orphan failed at commit'),
    });
    expect(await books(url)).toHaveLength(1);
  });

  it('says nothing of the rows that made a migration fail', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_cats': "create table cats (name text unique); insert into cats values ('s3cret');",
      '0002_twice': "insert into cats values ('s3cret');",
    });
    const duplicate = await migrate({ url, migrationsFolder }).catch((error: unknown) => error);
    expect(inspectAll(duplicate)).toContain('cats_name_key');
    expect(inspectAll(duplicate)).not.toContain('s3cret');
    await write({
      '0001_cats': "create table cats (name text unique); insert into cats values ('s3cret');",
      '0002_cast': 'alter table cats alter name type int using name::int',
    });
    const cast = await migrate({ url, migrationsFolder }).catch((error: unknown) => error);
    expect(inspectAll(cast)).toContain('22P02');
    expect(inspectAll(cast)).not.toContain('s3cret');
  });

  it('uses an enum value in the migration after the one that added it', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_mood': `create type mood as enum ('CALM'); create table cats (mood mood);`,
      '0002_add': `alter type mood add value 'WILD';`,
      '0003_use': `insert into cats values ('WILD');`,
    });
    expect((await migrate({ url, migrationsFolder })).applied).toHaveLength(3);
    await write({
      '0001_both': `alter type mood add value 'SAD'; insert into cats values ('SAD');`,
    });
    const again = await emptyDatabase();
    await run(again, `create type mood as enum ('CALM'); create table cats (mood mood);`);
    await expect(migrate({ url: again, migrationsFolder })).rejects.toMatchObject({
      sqlState: '55P04',
      message: expect.stringContaining('into the next migration'),
    });
  });

  it('gives every migration a fresh session, whatever the one before it set', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_set': `create schema attic; set search_path = attic; set role pg_monitor;`,
      '0002_cats': CATS,
    });
    await migrate({ url, migrationsFolder });
    expect(await tablesOf(url)).toEqual(['cats']);
  });

  it('rejects when its connection is killed, and leaves neither a row nor the lock behind', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_cats': `${CATS} select pg_terminate_backend(pg_backend_pid());`,
    });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      message: expect.stringContaining('0001_cats failed at statement 1 of 1'),
    });
    expect(await tablesOf(url)).toEqual([]);
    await write({ '0001_cats': CATS });
    expect(await migrate({ url, migrationsFolder, deployTimeoutMs: 0 })).toEqual({
      applied: ['0001_cats'],
    });
  });
});

describe('migrate, when files and books disagree', () => {
  it('refuses a migration that was merged late, by name, and applies it when told to', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS, '0003_more': 'select 3' });
    await migrate({ url, migrationsFolder });
    await write({
      '0001_cats': CATS,
      '0002_dogs': DOGS,
      '0003_more': 'select 3',
      '0004_x': 'select',
    });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_LATE',
      message: expect.stringContaining('0002_dogs'),
    });
    expect(await tablesOf(url)).toEqual(['cats']);
    expect(await migrate({ url, migrationsFolder, allowLate: true })).toEqual({
      applied: ['0002_dogs', '0004_x'],
    });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: [] });
  });

  it('refuses to go on when an applied file was edited', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_more': 'select 2' });
    await migrate({ url, migrationsFolder });
    await write({ '0001_cats': `${CATS} `, '0002_more': 'select 2', '0003_dogs': DOGS });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_EDITED',
      message: expect.stringMatching(/^Migration 0001_cats changed/),
    });
    expect(await tablesOf(url)).toEqual(['cats']);
  });

  it('refuses to go on when the file of an applied migration is gone', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_more': 'select 2' });
    await migrate({ url, migrationsFolder });
    await write({ '0002_more': 'select 2', '0003_dogs': DOGS });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_DELETED',
      message: expect.stringContaining(String(whenOf('0001'))),
    });
    expect(await tablesOf(url)).toEqual(['cats']);
  });

  it('lets a database be that a newer release has migrated', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_dogs': DOGS });
    await migrate({ url, migrationsFolder });
    await write({ '0001_cats': CATS });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: [] });
    expect(await books(url)).toHaveLength(2);
  });

  it('takes a file for the same under other line ends and with a byte order mark', async () => {
    const forms = [DOGS, DOGS.replaceAll('\n', '\r\n'), `\ufeff${DOGS}`];
    for (const first of forms.slice(0, 2)) {
      const url = await emptyDatabase();
      await migrateByDrizzle(url, await write({ '0001_cats': CATS, '0002_dogs': first }));
      for (const form of forms) {
        const migrationsFolder = await write({ '0001_cats': CATS, '0002_dogs': form });
        expect(await migrate({ url, migrationsFolder })).toEqual({ applied: [] });
      }
    }
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': `\ufeff${CATS}\r\n` });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0001_cats'] });
  });

  it('refuses a journal with two entries of one time', async () => {
    const migrationsFolder = await write({ '0001_cats': CATS, '0001_dogs': DOGS });
    const url = await emptyDatabase();
    expect(await rejection(migrate({ url, migrationsFolder }))).toMatchObject({
      code: 'JOURNAL_BROKEN',
      message: expect.stringContaining('0001_dogs is not after that of 0001_cats'),
    });
    expect(await tablesOf(url)).toEqual([]);
  });

  it('takes a journal with a byte order mark, and refuses what is none', async () => {
    const migrationsFolder = await write({ '0001_cats': CATS });
    const path = join(migrationsFolder, 'meta', '_journal.json');
    const journal = await readFile(path, 'utf8');
    const url = await emptyDatabase();
    for (const broken of [
      `<<<<<<< HEAD\n${journal}`,
      '{}',
      'null',
      '{"entries":[null]}',
      journal.replace('"when":1000,', ''),
      journal.replace('"when":1000', '"when":"1000"'),
    ]) {
      await writeFile(path, broken);
      expect(await rejection(migrate({ url, migrationsFolder }))).toMatchObject({
        code: 'JOURNAL_BROKEN',
        message: expect.stringContaining(`${path} is not a journal`),
      });
    }
    await writeFile(path, `\ufeff${journal}`);
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0001_cats'] });
  });

  it('says what to do when a schema is there already', async () => {
    const url = await emptyDatabase();
    await run(url, 'create schema finance');
    expect(await rejection(migrate({ url }))).toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('the books were not restored'),
    });
  });

  it('makes the same database whatever its own settings are', async () => {
    const [plain, other] = [await emptyDatabase(), await emptyDatabase()];
    await run(
      other,
      `do $$ begin
        execute format('alter database %I set search_path = elsewhere', current_database());
        execute format('alter database %I set datestyle = "German"', current_database());
        execute format(
          'alter database %I set default_transaction_read_only = on', current_database()
        );
      end $$`,
    );
    await migrate({ url: plain });
    // Wherever our files lie.
    const migrationsFolder = join(folder.path, 'copied');
    await cp(join(packageRoot(), 'drizzle'), migrationsFolder, { recursive: true });
    await migrate({ url: other, migrationsFolder });
    expect(await readCatalog({ url: other })).toEqual(await readCatalog({ url: plain }));
  });
});

function inspectAll(error: unknown): string {
  const parts: string[] = [];
  for (let at = error as (Error & object) | undefined; at; at = at.cause as Error | undefined) {
    parts.push(at.stack ?? '', JSON.stringify(at));
  }
  return parts.join('\n');
}
