import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { OUR_BOOKS } from '../../src/books.ts';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { getMigrationStatus, migrate } from '../../src/migrate/index.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';
import { push } from '../../src/migrate/push.ts';
import { packageRoot } from '../../src/package-root.ts';
import { rejection } from '../setup/errors.ts';
import { useEmptyDatabases, useMigratedDatabases } from './databases.ts';
import { books, run } from './fixture.ts';

const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();

// Each push starts drizzle-kit, which takes seconds of computing.
vi.setConfig({ testTimeout: 240_000 });

/** The command as a user types it. */
async function drizzleKitMigrate(url: string): Promise<void> {
  const bin = join(packageRoot(), 'node_modules', '.bin', 'drizzle-kit');
  const child = spawn(bin, ['migrate'], {
    cwd: packageRoot(),
    env: { ...process.env, DATABASE_URL: url, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    stdio: 'ignore',
  });
  expect(await once(child, 'close')).toEqual([0, null]);
}

/** Those that a comparison left behind. */
function scratchDatabases(url: string) {
  return run(url, `select datname from pg_database where datname like 'azora\\_push\\_%'`);
}

describe('drizzle-kit migrate, migrate and push', () => {
  it('make the same catalog from an empty database', async () => {
    const byKit = await emptyDatabase();
    const byUs = await emptyDatabase();
    const byPush = await emptyDatabase();
    await drizzleKitMigrate(byKit);
    await migrate({ url: byUs });
    // drizzle-kit would go by the path.
    const named = new URL(byPush);
    named.searchParams.set('dbname', named.pathname.slice(1));
    named.pathname = '/nothing';
    expect(await push({ url: named.href })).toEqual({ notCompared: null });
    const catalog = await readCatalog({ url: byUs });
    for (const kind of ['table', 'column', 'constraint', 'index', 'trigger', 'comment']) {
      expect(catalog).toContainEqual(expect.stringMatching(new RegExp(`^${kind} `)));
    }
    expect(await readCatalog({ url: byKit })).toEqual(catalog);
    expect(await readCatalog({ url: byPush })).toEqual(catalog);
    expect(await books(byKit, OUR_BOOKS)).toEqual(await books(byUs, OUR_BOOKS));
    expect(await books(byPush, OUR_BOOKS)).toEqual(await books(byUs, OUR_BOOKS));
  });
});

describe('push', () => {
  it('changes neither catalog nor rows nor books of a migrated database', async () => {
    const url = await migratedDatabase();
    await run(url, `insert into marketplace.skills (name, category) values ('Knitting', 'Craft')`);
    const [before, booksBefore] = [await readCatalog({ url }), await books(url, OUR_BOOKS)];
    await push({ url });
    expect(await readCatalog({ url })).toEqual(before);
    expect(await books(url, OUR_BOOKS)).toEqual(booksBefore);
    expect(await run(url, `select name from marketplace.skills where name = 'Knitting'`)).toEqual([
      { name: 'Knitting' },
    ]);
    expect((await migrate({ url })).applied).toEqual([]);
  });

  it('takes back what was changed by hand, and corrects the books', async () => {
    const url = await migratedDatabase();
    const before = await readCatalog({ url });
    const [trigger] = await run<{ statement: string }>(
      url,
      `select format('drop trigger %I on %s', tgname, tgrelid::regclass) as statement
       from pg_trigger where not tgisinternal order by tgname limit 1`,
    );
    await run(
      url,
      `${trigger?.statement};
       alter table identity.users add shoe_size int;
       update azora_db.migrations set hash = 'another' where id = 1;
       insert into azora_db.migrations (hash, created_at) values ('newer', 9e15);`,
    );
    expect(await readCatalog({ url })).not.toEqual(before);
    await push({ url });
    expect(await readCatalog({ url })).toEqual(before);
    expect(await getMigrationStatus({ url })).toEqual({
      applied: readMigrations().map(({ tag }) => tag),
      pending: [],
      late: [],
      edited: [],
      deleted: [],
      ahead: [],
    });
  });

  it('drops a column that a trigger names, and keeps the trigger when it must not', async () => {
    const url = await emptyDatabase();
    await migrate({ url });
    const before = await readCatalog({ url });
    await run(
      url,
      `alter table platform.audit_log add note text;
       create or replace trigger audit_log_note before update of note on platform.audit_log
       for each row execute function platform.forbid_change();
       insert into platform.audit_log (action, subject, subject_id, note)
       values ('test', 'cat', '1', 'kept');`,
    );
    const countTriggers = () => run(url, 'select count(*) from pg_trigger where not tgisinternal');
    const count = await countTriggers();
    await expect(push({ url })).rejects.toMatchObject({ code: 'PUSH_FAILED' });
    expect(await countTriggers()).toEqual(count);
    await push({ url, force: true });
    expect(await readCatalog({ url })).toEqual(before);
  });

  it('says what still differs, privileges aside, and keeps the books as they were', async () => {
    const url = await migratedDatabase();
    await run(
      url,
      `alter table identity.users
         drop constraint users_name_length_check,
         add constraint users_name_length_check check (char_length(name) between 1 and 201),
         set (fillfactor = 41);
       grant select on identity.users to public;
       update azora_db.migrations set hash = 'another' where id = 1;`,
    );
    const before = await books(url, OUR_BOOKS);
    const error = await rejection(push({ url }));
    expect(error).toMatchObject({ code: 'PUSH_INCOMPLETE' });
    expect(error.message.split('\n').slice(1, -1)).toEqual([
      expect.stringMatching(/^ {2}only in src: table identity.users(?! with \(fillfactor=41)/),
      expect.stringMatching(/^ {2}only in src: constraint users_name_length_check .* 200\)/),
      expect.stringMatching(/^ {2}only in the database: table identity.users .*fillfactor=41/),
      expect.stringMatching(/^ {2}only in the database: constraint users_name_length.* 201\)/),
    ]);
    expect(await books(url, OUR_BOOKS)).toEqual(before);
    expect(await scratchDatabases(url)).toEqual([]);
  });

  it('works whatever the database sets, and says what it could not compare', async () => {
    const url = await emptyDatabase();
    const owner = new URL(url);
    [owner.username, owner.password] = [`push_${owner.pathname.slice(-8)}`, 'push'];
    await run(
      url,
      `create role ${owner.username} login password 'push';
       do $$ begin
         execute format('alter database %I owner to ${owner.username}', current_database());
         execute format('alter database %I set search_path = elsewhere', current_database());
         execute format('alter database %I set quote_all_identifiers = on', current_database());
       end $$;
       grant create, usage on schema public to ${owner.username};`,
    );
    try {
      expect(await push({ url: owner.href })).toEqual({
        notCompared: expect.stringContaining('create'),
      });
      expect(await push({ url })).toEqual({ notCompared: null });
    } finally {
      await run(
        url,
        `reassign owned by ${owner.username} to current_user; drop owned by ${owner.username};
         drop role ${owner.username}`,
      );
    }
  });

  it('deletes rows only with force, and touches no schema of others', async () => {
    const url = await migratedDatabase();
    const before = await readCatalog({ url });
    await run(
      url,
      `create table identity.shoes as select 42 as size;
       create schema shop; create table shop.orders as select 1 as id; create table notes (id int);`,
    );
    await expect(push({ url })).rejects.toMatchObject({
      code: 'PUSH_FAILED',
      message: expect.stringMatching(/would delete data.*delete shoes table with 1 items.*--force/),
    });
    expect(await run(url, 'select size from identity.shoes')).toEqual([{ size: 42 }]);
    await push({ url, force: true });
    expect(await run(url, 'select id from shop.orders')).toEqual([{ id: 1 }]);
    await run(url, 'drop schema shop cascade; drop table notes;');
    expect(await readCatalog({ url })).toEqual(before);
  });

  it('fails when a statement of drizzle-kit fails, which exits 0', async () => {
    const url = await emptyDatabase();
    await run(url, 'create schema identity; create table identity.users (id int);');
    await run(url, 'create view identity.user_ids as select id from identity.users;');
    await expect(push({ url })).rejects.toMatchObject({
      code: 'PUSH_FAILED',
      message: expect.stringContaining('drizzle-kit push failed: error: '),
    });
    await expect(books(url, OUR_BOOKS)).rejects.toMatchObject({ code: '42P01' });
  });
});
