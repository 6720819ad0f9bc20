import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EmbeddedServer, startEmbedded } from '../../src/embedded/index.ts';
import { connect, type Database, type SealHead } from '../../src/index.ts';
import {
  createEmptyTestDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../../src/testing/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { run as runSql } from '../migrate/fixture.ts';
import { dumpRows } from '../setup/dump-rows.ts';
import { expectWritable, fill, matches } from './world.ts';

// Programs, servers and copies of whole databases.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = join(import.meta.dirname, '../../examples/backup');
const settings = {
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  wal_level: 'logical',
};
let old: EmbeddedServer;
let fresh: EmbeddedServer;
let source: TestDatabase;
let head: SealHead;
const opened: { close(): Promise<void> }[] = [];
const made: { drop(): Promise<void> }[] = [];

beforeAll(async () => {
  const start = (version: number) =>
    startEmbedded({ ephemeral: true, inMemory: true, version, settings });
  [old, fresh] = await Promise.all([start(15), start(18)]);
  source = await createTestDatabase({ serverUrl: old.url });
  head = await fill(source.db);
});
afterEach(async () => {
  for (const db of opened.splice(0)) await db.close();
  for (const database of made.splice(0)) await database.drop();
});
afterAll(async () => {
  await source?.drop();
  await Promise.all([old?.stop(), fresh?.stop()]);
});

async function open(url: string): Promise<Database> {
  const db = await connect({ url, requireMigrated: false });
  opened.push(db);
  return db;
}

async function emptyDatabase(server: EmbeddedServer): Promise<string> {
  const database = await createEmptyTestDatabase(server.url);
  made.push(database);
  return database.url;
}

async function migratedDatabase(server: EmbeddedServer): Promise<string> {
  const { url, db, drop } = await createTestDatabase({ serverUrl: server.url });
  await db.close();
  made.push({ drop });
  return url;
}

/** A script of the guide, with what it reads from the environment. */
const runScript = (name: string, env: Record<string, string>) =>
  promisify(execFile)('bash', [join(folder, name)], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });

const doctor = (url: string, ...args: string[]) =>
  runCli(['doctor', ...args], { cwd: folder, env: { DATABASE_URL: url } });

/** Every row of every table but the bookkeeping of times, in an order of our own. */
async function rowsOf(db: Database): Promise<[string, string[]][]> {
  return [...(await dumpRows(db))].map(([name, rows]) => [name, rows.sort()]);
}

/** The copy has what the source has, and the doctor says so. */
async function expectWhole(url: string): Promise<Database> {
  const db = await open(url);
  expect(await rowsOf(db)).toEqual(await rowsOf(source.db));
  expect(await matches(db)).toEqual(await matches(source.db));
  const { code, stdout } = await doctor(url, '--head', `${head.number}:${head.hash}`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/: clean\.\n$/) });
  return db;
}

describe('a dump of PostgreSQL 15', () => {
  test.each(['custom', 'directory', 'plain'])('is whole in 18, in form %s', async (FORMAT) => {
    const TARGET = await emptyDatabase(fresh);
    await runScript('dump-and-restore.sh', { SOURCE: source.url, TARGET, FORMAT });
    const db = await expectWhole(TARGET);
    if (FORMAT === 'custom') await expectWritable(db, head);
  });

  test('of data alone is whole in a migrated database', async () => {
    const TARGET = await migratedDatabase(fresh);
    await runScript('data-only.sh', { SOURCE: source.url, TARGET });
    await expectWritable(await expectWhole(TARGET), head);
    await expect(runScript('data-only.sh', { SOURCE: source.url, TARGET })).rejects.toMatchObject({
      stderr: expect.stringContaining('this database has data of its own'),
    });
  });

  test('has its seals in a database of another language and other settings', async () => {
    // Z comes before T in Estonian, and so ZAR before USD.
    const name = `azora_test_estonian_${process.pid}`;
    const drop = async () => {
      await runSql(old.url, `drop database if exists ${name} with (force)`);
    };
    made.push({ drop });
    await runSql(
      old.url,
      `create database ${name} template template0 encoding 'UTF8' locale 'C'
       locale_provider icu icu_locale 'et-EE'`,
    );
    const TARGET = Object.assign(new URL(old.url), { pathname: name }).href;
    await runScript('dump-and-restore.sh', { SOURCE: source.url, TARGET });
    for (const setting of [
      `datestyle = 'German, DMY'`,
      `timezone = 'Africa/Monrovia'`,
      'extra_float_digits = -15',
      `bytea_output = 'escape'`,
      `intervalstyle = 'sql_standard'`,
    ]) {
      await runSql(old.url, `alter database ${name} set ${setting}`);
    }
    // Without what our connections set.
    expect(
      await runSql(
        TARGET,
        `select current_setting('bytea_output') as setting,
           (select count(*)::integer from finance.seals where finance.seal_fault(seals) is not null)
             as seals,
           (select count(*)::integer
            from finance.sealed_ranges as r
            cross join finance.digest_range(user_id, currency, first_version, last_version) as f
            where f.hash <> r.hash) as ranges`,
      ),
    ).toEqual([{ setting: 'escape', seals: 0, ranges: 0 }]);
    expect(await doctor(TARGET)).toMatchObject({ code: 0 });
  });
});

describe('logical replication from PostgreSQL 15 to 18', () => {
  test('carries what is written meanwhile, and ends in a database that can be written to', async () => {
    const copy = await migratedDatabase(old);
    await runScript('data-only.sh', { SOURCE: source.url, TARGET: copy });
    const TARGET = await migratedDatabase(fresh);
    await runScript('replicate.sh', { SOURCE: copy, TARGET });
    const rename = `update marketplace.jobs set title = 'Analyst' where title = 'Job'`;
    await runSql(copy, rename);
    await runSql(copy, `insert into identity.users (email, name) values ('new@example.com', 'N')`);
    await runScript('cut-over.sh', { SOURCE: copy, TARGET });
    expect(await rowsOf(await open(TARGET))).toEqual(await rowsOf(await open(copy)));
    const { code } = await doctor(TARGET, '--head', `${head.number}:${head.hash}`);
    expect(code).toBe(0);
    await expectWritable(await open(TARGET), head);
    await expect(runSql(copy, rename)).rejects.toMatchObject({ code: '25006' });
  });
});

describe('azora-db doctor', () => {
  test('names what is wrong, and exits 3', async () => {
    const url = await migratedDatabase(fresh);
    await runSql(
      url,
      `insert into marketplace.skills (id, name, category) values (7000, 'Knitting', 'Craft');
       alter table marketplace.jobs disable trigger jobs_touch;
       set session_replication_role = replica;
       insert into finance.seals (number, previous_hash, hash, range_count)
       values (7, sha256('x'), sha256('y'), 1)`,
    );
    const wrong = await doctor(url);
    expect(wrong.code).toBe(3);
    expect(wrong.stdout.split('\n').slice(0, -2)).toEqual([
      'objects: TRIGGER_DISABLED, table marketplace.jobs, trigger jobs_touch, expected: enabled, is: disabled',
      'objects: SEQUENCE_BEHIND, sequence marketplace.skills_id_seq, table marketplace.skills, ' +
        'column id, differs in: next value, expected: above 7000, is: 1001',
      'seals: UNCHAINED_SEAL, number 7',
    ]);
    await runSql(url, 'delete from azora_db.migrations');
    const unmigrated = await doctor(url);
    expect(unmigrated.code).toBe(3);
    expect(unmigrated.stdout).toMatch(/^migrations: MIGRATION_MISSING, migration 0000_/);
  });
});
