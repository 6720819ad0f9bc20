import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type MigrateEvent, migrate } from '../../src/migrate/index.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { waitFor } from '../setup/wait-for.ts';
import { useEmptyDatabases } from './databases.ts';
import { books, type Files, open, run, writeMigrations } from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const write = (files: Files) => writeMigrations(join(folder.path, 'drizzle'), files);

const connections: { end(): Promise<void> }[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.end();
});

/** Reads `cats` in a transaction that stays open, as a slow report does. */
async function readSlowly(url: string) {
  const reader = await open(url);
  connections.push(reader);
  await reader.query('begin');
  await reader.query('select * from cats');
  return reader;
}

describe('migrate, called by many at once', () => {
  it('applies every migration once, a concurrent index among them, and all callers succeed', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_cats': 'create table cats (id int);',
      '0002_rows': 'insert into cats values (1);',
      '0003_index':
        '-- azora-db: no-transaction\ncreate index concurrently if not exists cats_id_idx on cats (id);',
      '0004_rows': 'insert into cats values (2);',
    });
    const results = await Promise.all(
      Array.from({ length: 6 }, () => migrate({ url, migrationsFolder })),
    );
    expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 0, 0, 0, 4]);
    expect(await run(url, 'select id from cats order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await books(url)).toHaveLength(4);
    expect(await run(url, `select from pg_index where not indisvalid`)).toEqual([]);
  });

  it('says so when another deploy does not end, and changes nothing', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_nap': `select pg_sleep(600)` });
    const first = migrate({ url, migrationsFolder }).catch((error: unknown) => error);
    const napping = `select pid from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid() and datname = current_database()`;
    await waitFor('the first deploy naps', async () => (await run(url, napping)).length === 1);
    const events: MigrateEvent[] = [];
    await expect(
      migrate({ url, migrationsFolder, deployTimeoutMs: 0, onProgress: (e) => events.push(e) }),
    ).rejects.toMatchObject({ code: 'DEPLOY_LOCK_TIMEOUT' });
    expect(events).toEqual([{ type: 'waiting' }]);
    await run(url, `select pg_terminate_backend(pid) from (${napping}) as nappers`);
    expect(await first).toBeInstanceOf(Error);
    expect(await books(url)).toEqual([]);
  });
});

describe('migrate, behind a lock', () => {
  const files = {
    '0001_cats': 'create table cats (id int);',
    '0002_dogs':
      'create table dogs (id int);\n--> statement-breakpoint\nalter table cats add n int;',
  };

  it('lets go and tries again, so that the readers behind it are not held up', async () => {
    const url = await emptyDatabase();
    await migrate({ url, migrationsFolder: await write({ '0001_cats': files['0001_cats'] }) });
    const reader = await readSlowly(url);
    const migrationsFolder = await write(files);
    const events: MigrateEvent[] = [];
    const running = migrate({
      url,
      migrationsFolder,
      lockTimeoutMs: 20,
      lockAttempts: 1000,
      onProgress: (event) => events.push(event),
    });
    await waitFor('two tries were given up', () => countRetries(events) >= 2);
    // It would wait for ever if the alter kept its place in the queue: the first reader has not ended.
    expect(await run(url, 'select count(*)::int as n from cats')).toEqual([{ n: 0 }]);
    await reader.query('commit');
    expect(await running).toEqual({ applied: ['0002_dogs'] });
    expect(await run(url, 'select n from cats')).toEqual([]);
  });

  it('gives up after lockAttempts tries, naming the migration, and keeps nothing of it', async () => {
    const url = await emptyDatabase();
    await migrate({ url, migrationsFolder: await write({ '0001_cats': files['0001_cats'] }) });
    await readSlowly(url);
    const events: MigrateEvent[] = [];
    await expect(
      migrate({
        url,
        migrationsFolder: await write(files),
        lockTimeoutMs: 1,
        lockAttempts: 3,
        onProgress: (event) => events.push(event),
      }),
    ).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '55P03',
      message: expect.stringMatching(/0002_dogs failed at statement 2 of 2.*Find who holds it/),
    });
    expect(countRetries(events)).toBe(2);
    expect(await run(url, `select to_regclass('dogs') as found`)).toEqual([{ found: null }]);
    expect(await books(url)).toHaveLength(1);
  });
});

describe("migrate, in a clash that is nobody's fault", () => {
  it.each(['55P03', '40P01', '40001'])('tries again after SQLSTATE %s', async (sqlState) => {
    const url = await emptyDatabase();
    await run(url, 'create sequence tries');
    const migrationsFolder = await write({
      '0001_cats': `create table cats (id int);
        do $$ begin
          if nextval('tries') < 3 then raise exception using errcode = '${sqlState}'; end if;
        end $$;`,
    });
    const events: MigrateEvent[] = [];
    const migrated = migrate({
      url,
      migrationsFolder,
      lockTimeoutMs: 1,
      onProgress: (event) => events.push(event),
    });
    expect(await migrated).toEqual({ applied: ['0001_cats'] });
    expect(countRetries(events)).toBe(2);
  });
});

describe('migrate, without a transaction, behind a lock', () => {
  const CATS = 'create table cats (id int);';
  const index = (lines: string) => `-- azora-db: no-transaction\n${lines}`;
  const begin = async (text: string) => {
    const url = await emptyDatabase();
    await migrate({ url, migrationsFolder: await write({ '0001_cats': CATS }) });
    return { url, migrationsFolder: await write({ '0001_cats': CATS, '0002_next': index(text) }) };
  };

  it('lets go of a plain statement, although a comment says "concurrently"', async () => {
    const { url, migrationsFolder } = await begin(
      '-- The index is built concurrently in the next file.\nalter table cats add n int;',
    );
    await readSlowly(url);
    await expect(
      migrate({ url, migrationsFolder, lockTimeoutMs: 1, lockAttempts: 2 }),
    ).rejects.toMatchObject({ sqlState: '55P03' });
  });

  it('waits for old transactions in a concurrent build, however long they take', async () => {
    const { url, migrationsFolder } = await begin(
      'create index concurrently cats_id_idx on cats (id);',
    );
    const writer = await readSlowly(url);
    await writer.query('insert into cats values (1)');
    const running = migrate({ url, migrationsFolder, lockTimeoutMs: 1, lockAttempts: 1 });
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    await waitFor('the build waits', async () => (await run(url, waiting)).length === 1);
    await sleep(200);
    await writer.query('commit');
    expect(await running).toEqual({ applied: ['0002_next'] });
  });

  it('tries again when the drop of an invalid index is the victim of a deadlock', async () => {
    const { url, migrationsFolder } = await begin(
      'create index concurrently if not exists cats_id_idx on cats (id);',
    );
    await run(url, 'create index cats_id_idx on cats (id)');
    await run(url, `update pg_index set indisvalid = false where indrelid = 'cats'::regclass`);
    const operator = await readSlowly(url);
    // So that it is the other session that looks for deadlocks first, and ends.
    await operator.query(`set deadlock_timeout = '10min'`);
    const events: MigrateEvent[] = [];
    const running = migrate({ url, migrationsFolder, onProgress: (event) => events.push(event) });
    const dropping = `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'drop index%'`;
    await waitFor('the drop waits', async () => (await run(url, dropping)).length === 1);
    await operator.query('lock table cats in share update exclusive mode');
    await operator.query('commit');
    expect(await running).toEqual({ applied: ['0002_next'] });
    expect(countRetries(events)).toBeGreaterThan(0);
    expect(await run(url, 'select from pg_index where not indisvalid')).toEqual([]);
  });
});

function countRetries(events: readonly MigrateEvent[]): number {
  return events.filter((event) => event.type === 'retrying').length;
}
