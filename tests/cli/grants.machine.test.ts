import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeSmallFiles } from '../esco/small-files.ts';
import { useEmptyDatabases, useMigratedDatabases } from '../migrate/databases.ts';
import { run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { runCli } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();

// Quoted wherever it is named.
const role = `weak "${process.pid}"`;
const quoted = `"${role.replaceAll('"', '""')}"`;
let url: string;

beforeEach(() => run(testServerUrl(), `create role ${quoted} login password 'S3cret'`));
afterEach(async () => {
  await run(url, `drop owned by ${quoted} cascade`);
  await run(testServerUrl(), `drop role ${quoted}`);
});

const asWeak = (...args: string[]) => {
  const weak = new URL(url);
  Object.assign(weak, { username: encodeURIComponent(role), password: 'S3cret' });
  return runCli(args, { cwd: folder.path, env: { DATABASE_URL: weak.href } });
};

/** The statements that a refusal names. */
const grantsIn = (stderr: string) => stderr.match(/^ {2}(?:grant|--) .*$/gm) ?? [];

/** Runs a command, then the grants that it names, then the command again. */
async function grantAndRepeat(...args: string[]) {
  const refused = await asWeak(...args);
  expect(refused).toMatchObject({ code: 7 });
  const grants = grantsIn(refused.stderr);
  await run(url, grants.join('\n'));
  return { grants, again: await asWeak(...args) };
}

describe('azora-db as a role that lacks a privilege', () => {
  it.each([
    ['status', 'grant usage on schema azora_db to ', 2],
    ['audit', 'grant select on all tables in schema ', 2],
    ['verify', 'grant select on all tables in schema ', 2],
    ['doctor', 'grant select on all sequences in schema ', 3],
    ['seed', 'grant insert on all tables in schema ', 5],
  ])('names what %s lacks, and no more is needed', async (command, grant, count) => {
    url = await migratedDatabase();
    const { grants, again } = await grantAndRepeat(command);
    expect(grants.join('\n')).toContain(grant);
    expect(grants).toHaveLength(count);
    expect(again).toMatchObject({ code: 0 });
  });

  it('names what an import lacks, and the owner for a large set', async () => {
    url = await migratedDatabase();
    await writeSmallFiles(folder.path);
    const { again } = await grantAndRepeat('import', 'esco', folder.path);
    expect(again).toMatchObject({ code: 0 });
    const large = await asWeak('seed', '--scale', '20');
    expect(large).toMatchObject({ code: 7, stdout: '' });
    expect(large.stderr).toContain('who owns the tables');
  });

  it('names what migrate lacks in a new database', async () => {
    url = await emptyDatabase();
    const { grants, again } = await grantAndRepeat('migrate');
    expect(grants.join('\n')).toContain('grant create on database ');
    expect(again).toMatchObject({ code: 0 });
  });

  it('names the owner for migrate and reset, and gives nobody a superuser', async () => {
    url = await migratedDatabase();
    const owner = await run<{ name: string }>(url, 'select quote_ident(current_user) as name');
    for (const args of [['migrate'], ['reset', '--yes']]) {
      const { code, stderr } = await asWeak(...args);
      expect(code, stderr).toBe(7);
      expect(grantsIn(stderr)).toEqual([
        `  -- none: run this as ${owner[0]?.name}, who owns the tables`,
      ]);
    }
  });

  it('names a grant to connect, which only the server can', async () => {
    url = await migratedDatabase();
    const name = new URL(url).pathname.slice(1);
    await run(url, `revoke connect on database "${name}" from public`);
    const { code, stderr } = await asWeak('status');
    expect(code).toBe(5);
    expect(stderr).toContain(`grant connect on database "${name}" to`);
  });
});
