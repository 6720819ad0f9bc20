import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DRIZZLE_BOOKS, OUR_BOOKS } from '../../src/books.ts';
import { connect } from '../../src/db/connect.ts';
import { checkDatabase } from '../../src/doctor/index.ts';
import { defaultMigrationsFolder, readJournal } from '../../src/journal.ts';
import { getMigrationStatus, migrate } from '../../src/migrate/index.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';
import { rejection } from '../setup/errors.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { waitFor } from '../setup/wait-for.ts';
import { useEmptyDatabases, useMigratedDatabases } from './databases.ts';
import {
  books,
  migrateByDrizzle,
  open,
  run,
  tablesOf,
  useSharedBooks,
  writeMigrations,
} from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();

const ours = readMigrations().map(({ hash, when }) => ({ hash, created_at: String(when) }));
const tags = readJournal().map(({ tag }) => tag);
const upToDate = { applied: tags, pending: [], late: [], edited: [], deleted: [], ahead: [] };
const FOREIGN = { hash: 'theirs', created_at: '1' };
const note = (url: string, { hash, created_at }: typeof FOREIGN) =>
  run(url, `insert into ${DRIZZLE_BOOKS} (hash, created_at) values ('${hash}', ${created_at})`);

const OLD = { '0001_cats': 'create table cats (user_id uuid references identity.users)' };
const NEXT = { ...OLD, '0002_dogs': 'create table dogs (id int)' };
/** The journal's times of a service whose migrations are all older, or newer, than ours. */
const STARTS = { older: 0, newer: 4e12 };

describe('migrate, on books that an older release shared with drizzle-kit', () => {
  let url: string;
  beforeEach(async () => {
    url = await migratedDatabase();
    await useSharedBooks(url);
  });

  it('moves ours to books of their own, once, and leaves every other row', async () => {
    const newer = { hash: 'theirs, too', created_at: '9000000000000' };
    const sameTime = { hash: 'same time', created_at: ours[1]?.created_at ?? '' };
    for (const row of [FOREIGN, newer, sameTime]) await note(url, row);
    // As two drizzle-kits at once leave it.
    await note(url, ours[0] ?? FOREIGN);
    expect(await getMigrationStatus({ url })).toEqual(upToDate);
    expect(await migrate({ url })).toEqual({ applied: [] });
    for (const _again of [1, 2]) {
      expect(await books(url, OUR_BOOKS)).toEqual(ours);
      expect(await books(url)).toEqual([FOREIGN, sameTime, newer]);
      expect(await getMigrationStatus({ url })).toEqual(upToDate);
      expect(await migrate({ url })).toEqual({ applied: [] });
    }
  });

  it('lets three deployers at once move them, and apply what is missing', async () => {
    await note(url, FOREIGN);
    await run(
      url,
      `drop schema identity, education, finance, marketplace, ai, platform cascade;
       delete from ${DRIZZLE_BOOKS} where created_at > ${ours[0]?.created_at}`,
    );
    const runs = await Promise.all([1, 2, 3].map(() => migrate({ url })));
    expect(runs.flatMap(({ applied }) => applied)).toEqual(tags.slice(1));
    expect(await books(url, OUR_BOOKS)).toEqual(ours);
    expect(await books(url)).toEqual([FOREIGN]);
  });

  it('leaves all as it was when it is killed half-way, and moves them the next time', async () => {
    await note(url, FOREIGN);
    const blocker = await open(url);
    try {
      await blocker.query(`begin; select from ${DRIZZLE_BOOKS} order by id for update`);
      const run1 = rejection(migrate({ url, lockTimeoutMs: 60_000 }));
      const waiting = `select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      await waitFor('it waits', async () => (await run(url, waiting)).length === 1);
      await run(url, `select pg_terminate_backend(pid) from (${waiting}) w`);
      await run1;
    } finally {
      await blocker.end();
    }
    expect(await run(url, `select to_regclass('${OUR_BOOKS}') as found`)).toEqual([
      { found: null },
    ]);
    expect(await books(url)).toEqual([FOREIGN, ...ours]);
    await migrate({ url });
    expect(await books(url, OUR_BOOKS)).toEqual(ours);
    expect(await books(url)).toEqual([FOREIGN]);
  });

  it('moves nothing while an applied migration has another text', async () => {
    await run(url, `update ${DRIZZLE_BOOKS} set hash = 'edited' where id = 2`);
    expect(await getMigrationStatus({ url })).toMatchObject({ edited: [tags[1]] });
    expect(await rejection(migrate({ url }))).toMatchObject({ code: 'MIGRATION_EDITED' });
    expect(await books(url)).toHaveLength(ours.length);
  });

  it('gives those who could read them the new books, and connect() takes either', async () => {
    const role = `reader_of_${new URL(url).pathname.slice(-8)}`;
    const asReader = new URL(url);
    Object.assign(asReader, { username: role, password: 'S3cret' });
    await run(
      url,
      `create role "${role}" login password 'S3cret';
       grant usage on schema drizzle to "${role}";
       grant select (hash, created_at) on ${DRIZZLE_BOOKS} to "${role}"`,
    );
    try {
      expect(await rejection(connect({ url: asReader.href }))).toMatchObject({
        code: 'MIGRATIONS_UNREADABLE',
      });
      await run(url, `grant select on ${DRIZZLE_BOOKS} to "${role}"`);
      await (await connect({ url: asReader.href, max: 1 })).close();
      await run(url, `revoke all on ${DRIZZLE_BOOKS} from "${role}"`);
      await run(url, `grant select (created_at) on ${DRIZZLE_BOOKS} to "${role}"`);
      await migrate({ url });
      await (await connect({ url: asReader.href, max: 1 })).close();
    } finally {
      await run(url, `drop owned by "${role}"; drop role "${role}"`);
    }
  });

  it('is whole to the doctor before and after, whatever a service recorded', async () => {
    await note(url, FOREIGN);
    for (const _turn of ['before', 'after']) {
      const db = await connect({ url, max: 1, statementTimeoutMs: 0 });
      expect(await checkDatabase(db)).toMatchObject({ findings: [] });
      await db.close();
      await migrate({ url });
    }
  });
});

describe("a service's migrations, by time before or after ours", () => {
  const byUs = (url: string, migrationsFolder: string) => migrate({ url, migrationsFolder });

  it.each([
    ["Drizzle's migrate", 'older', migrateByDrizzle],
    ["Drizzle's migrate", 'newer', migrateByDrizzle],
    ['our migrate', 'older', byUs],
  ] as const)('are each applied by %s when %s, in any order', async (_tool, age, apply) => {
    const write = (files: typeof OLD) =>
      writeMigrations(join(folder.path, 'drizzle'), files, STARTS[age]);
    const migrationsFolder = await write(OLD);
    const first = await migratedDatabase();
    await useSharedBooks(first);
    const second = await emptyDatabase();
    await run(second, 'create schema identity; create table identity.users (id uuid primary key)');
    await apply(second, migrationsFolder);
    await run(second, 'drop schema identity cascade');
    for (const url of [first, second]) {
      await migrate({ url });
      await apply(url, migrationsFolder);
      expect(await tablesOf(url)).toEqual(['cats']);
    }
    await write(NEXT);
    for (const url of [first, second]) {
      await apply(url, migrationsFolder);
      expect(await tablesOf(url)).toEqual(['cats', 'dogs']);
      expect(await books(url)).toHaveLength(2);
      expect(await books(url, OUR_BOOKS)).toEqual(ours);
      expect(await getMigrationStatus({ url })).toEqual(upToDate);
      expect(await getMigrationStatus({ url, migrationsFolder })).toEqual({
        ...upToDate,
        applied: Object.keys(NEXT),
      });
    }
  });
});

describe('migrate', () => {
  it('reads nothing of books that belong to others and that it may not see', async () => {
    const url = await emptyDatabase();
    const role = `owner_of_${new URL(url).pathname.slice(-8)}`;
    const asOwner = new URL(url);
    Object.assign(asOwner, { username: role, password: 'S3cret' });
    await run(
      url,
      `create role "${role}" login password 'S3cret';
       do $$ begin
         execute format('grant create on database %I to "${role}"', current_database());
       end $$;
       grant create on schema public to "${role}";
       create schema drizzle;
       create table ${DRIZZLE_BOOKS} (id serial primary key, hash text, created_at bigint);`,
    );
    await note(url, FOREIGN);
    try {
      expect(await migrate({ url: asOwner.href })).toEqual({ applied: tags });
      expect(await getMigrationStatus({ url: asOwner.href })).toEqual(upToDate);
      const db = await connect({ url: asOwner.href, max: 1, statementTimeoutMs: 0 });
      const found = await checkDatabase(db).finally(() => db.close());
      expect(found).toMatchObject({ findings: [] });
    } finally {
      await run(url, `drop owned by "${role}" cascade; drop role "${role}"`);
    }
  });

  it('records ours in our books from a copy of the folder as well', async () => {
    const url = await migratedDatabase();
    const migrationsFolder = join(folder.path, 'copy');
    await rm(migrationsFolder, { recursive: true, force: true });
    await cp(defaultMigrationsFolder(), migrationsFolder, { recursive: true });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: [] });
    expect(await getMigrationStatus({ url, migrationsFolder })).toEqual(upToDate);
  });
});

describe('an older release, or a drizzle-kit that was not told of our books', () => {
  it('fails on a migrated database and leaves nothing behind', async () => {
    const url = await migratedDatabase();
    await expect(migrateByDrizzle(url, defaultMigrationsFolder())).rejects.toMatchObject({
      cause: { code: '42723' },
    });
    expect(await books(url)).toEqual([]);
    expect(await books(url, OUR_BOOKS)).toEqual(ours);
    expect(await getMigrationStatus({ url })).toEqual(upToDate);
  });
});
