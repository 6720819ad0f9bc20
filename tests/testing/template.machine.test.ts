import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { withAdmin, withDatabase } from '../../src/testing/admin.ts';
import { withBuildLock } from '../../src/testing/build-lock.ts';
import { createTestDatabase } from '../../src/testing/index.ts';
import { dropStaleTemplates, ensureTemplate } from '../../src/testing/template.ts';
import { queryOne } from '../setup/query.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { waitFor } from '../setup/wait-for.ts';
import { listDatabases, runAdmin } from './admin.ts';
import { writeMigration } from './migrations-folder.ts';

const folder = useTemporaryFolder();
const made: string[] = [];

afterEach(async () => {
  for (const name of made.splice(0)) {
    for (const database of await listDatabases(`${name}%`)) {
      await runAdmin(`alter database ${database.name} with is_template false`);
      await runAdmin(`drop database ${database.name} with (force)`);
    }
  }
});

/** A migration that no other test has, so that its template is this test's. */
async function writeOwnMigration(text = 'create table notes (id int);'): Promise<string> {
  return writeMigration(folder.path, `-- ${folder.path}\n${text}`);
}

async function ensureOwnTemplate(migrations: string): Promise<string> {
  const name = await ensureTemplate(testServerUrl(), { migrationsFolder: migrations });
  if (!made.includes(name)) made.push(name);
  return name;
}

describe('ensureTemplate', () => {
  it('builds the template once, however many ask for it at the same time', async () => {
    const migrations = await writeOwnMigration();
    const seen = await Promise.all(
      Array.from({ length: 8 }, async () => listDatabases(await ensureOwnTemplate(migrations))),
    );
    const [template] = made;
    expect(made).toHaveLength(1);
    // A second build would have been another database under the same name.
    expect(new Set(seen.map((databases) => databases[0]?.oid)).size).toBe(1);
    expect(await listDatabases(`${template}%`)).toEqual(seen[0]);
  });

  it('names it after the migrations, so that a changed one is another template', async () => {
    const before = await ensureOwnTemplate(await writeOwnMigration());
    const after = await ensureOwnTemplate(
      await writeOwnMigration('create table notes (id bigint);'),
    );
    expect(after).not.toBe(before);
    expect(await listDatabases(`${before}%`)).toHaveLength(1);
  });

  it('lets nobody connect to it, who could change what others clone', async () => {
    const template = await ensureOwnTemplate(await writeOwnMigration());
    const url = withDatabase(testServerUrl(), template);
    await expect(queryOne(url, 'select 1')).rejects.toMatchObject({ code: '55000' });
  });

  it('leaves no template when a migration fails, and builds it when asked again', async () => {
    await runAdmin('create database azora_missing_precondition');
    try {
      const migrations = await writeOwnMigration(
        `select 1 / (select count(*) from pg_database where datname = 'azora_present_precondition');`,
      );
      await expect(
        ensureTemplate(testServerUrl(), { migrationsFolder: migrations }),
      ).rejects.toMatchObject({
        name: 'MigrationError',
        code: 'MIGRATION_FAILED',
        sqlState: '22012',
      });
      await runAdmin(
        'alter database azora_missing_precondition rename to azora_present_precondition',
      );
      const template = await ensureOwnTemplate(migrations);
      expect((await listDatabases(`${template}%`)).map(({ name }) => name)).toEqual([template]);
    } finally {
      await runAdmin('drop database if exists azora_missing_precondition');
      await runAdmin('drop database if exists azora_present_precondition');
    }
  });

  it('builds anew what a killed run left half-built', async () => {
    await runAdmin('create database azora_slow_migrations');
    const migrations = await writeOwnMigration(
      `create table notes (id int);
--> statement-breakpoint
select pg_sleep(700) from pg_database where datname = 'azora_slow_migrations';`,
    );
    const module = new URL('../../src/testing/template.ts', import.meta.url).href;
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { ensureTemplate } from ${JSON.stringify(module)};
       await ensureTemplate(${JSON.stringify(testServerUrl())}, ${JSON.stringify({ migrationsFolder: migrations })});`,
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const isMigrating = async () => {
      const row = await queryOne(
        testServerUrl(),
        `select count(*)::int as sleeping
         from pg_stat_activity
         where query like '%pg_sleep(700)%'
           and pid <> pg_backend_pid()`,
      );
      return (row as { sleeping: number }).sleeping > 0;
    };
    await waitFor('the migration runs', isMigrating);
    // It is not stale, so that another run's start does not wait for its end.
    expect(await dropStaleTemplates(testServerUrl())).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await runAdmin('drop database azora_slow_migrations');
    const template = await ensureOwnTemplate(migrations);
    expect((await listDatabases(`${template}%`)).map(({ name }) => name)).toEqual([template]);
    const clone = await createTestDatabase({
      serverUrl: testServerUrl(),
      migrationsFolder: migrations,
    });
    expect(await queryOne(clone.url, 'select count(*)::int as notes from notes')).toEqual({
      notes: 0,
    });
    await clone.drop();
  });
});

describe('createTestDatabase', () => {
  it('has the template built anew when it is dropped as stale at that moment', async () => {
    const migrationsFolder = await writeOwnMigration();
    const template = await ensureOwnTemplate(migrationsFolder);
    await withAdmin(testServerUrl(), async (other) => {
      await other.query('begin');
      // Gone under this name with the commit, like a dropped one; a drop cannot be held back by a transaction.
      await other.query(`alter database ${template} rename to ${template}_old`);
      const creating = createTestDatabase({ serverUrl: testServerUrl(), migrationsFolder });
      const waiting = `select 1 as one from pg_stat_activity where wait_event_type = 'Lock' and query like '%template ${template} %'`;
      await waitFor('the clone waits', async () => {
        return (await queryOne(testServerUrl(), waiting)) !== undefined;
      });
      await other.query('commit');
      const { url, drop } = await creating;
      expect(await queryOne(url, 'select count(*)::int as notes from notes')).toEqual({ notes: 0 });
      await drop();
    });
  });
});

describe('dropStaleTemplates', () => {
  it('drops what no run has used for a day, and keeps what was used since', async () => {
    const stale = await ensureOwnTemplate(await writeOwnMigration());
    const fresh = await ensureOwnTemplate(
      await writeOwnMigration('create table notes (id bigint);'),
    );
    await runAdmin(`comment on database ${stale} is '2024-02-29 12:00:00+00'`);
    expect(await dropStaleTemplates(testServerUrl())).toEqual([stale]);
    expect(await listDatabases(stale)).toEqual([]);
    expect(await listDatabases(fresh)).toHaveLength(1);
  });

  it('keeps an old template that a run has come back to', async () => {
    const migrations = await writeOwnMigration();
    const template = await ensureOwnTemplate(migrations);
    await runAdmin(`comment on database ${template} is '2024-02-29 12:00:00+00'`);
    await ensureOwnTemplate(migrations);
    expect(await dropStaleTemplates(testServerUrl())).not.toContain(template);
    expect(await listDatabases(template)).toHaveLength(1);
  });

  it('keeps one that a run comes back to while it waits for its lock', async () => {
    const template = await ensureOwnTemplate(await writeOwnMigration());
    await runAdmin(`comment on database ${template} is '2024-02-29 12:00:00+00'`);
    let dropping: Promise<string[]> | undefined;
    await withAdmin(testServerUrl(), (admin) =>
      withBuildLock(admin, template, async () => {
        dropping = dropStaleTemplates(testServerUrl());
        const asking = `select from pg_stat_activity where query like '%pg_try_advisory_lock%' and pid <> pg_backend_pid()`;
        await waitFor('it asks for the lock', async () => {
          return (await admin.query(asking)).rowCount !== 0;
        });
        await admin.query(`comment on database ${template} is '${new Date().toISOString()}'`);
      }),
    );
    expect(await dropping).toEqual([]);
    expect(await listDatabases(template)).toHaveLength(1);
  });
});
