import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { defaultMigrationsFolder } from '../../src/journal.ts';
import { migrate } from '../../src/migrate/index.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';
import { useEmptyDatabases } from '../migrate/databases.ts';
import { open, run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { runCli } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const withName = (name: string) => `postgres://u@127.0.0.1:1/${name}`;

/** Which database `azora-db url` names, of those that the parameters set. */
async function chosen(args: string[], environment?: string): Promise<string> {
  const env: Record<string, string> = {};
  if (environment !== undefined) env.DATABASE_URL = environment;
  const { code, stdout, stderr } = await runCli(['url', ...args], { cwd: folder.path, env });
  return code === 0 ? new URL(stdout.trim()).pathname.slice(1) : `${code}: ${stderr}`;
}

describe('azora-db, told which database', () => {
  it('takes --url, then --env-file, then the environment, then .env', async () => {
    const [url, fromEnvironment] = [withName('flag'), withName('environment')];
    await writeFile(join(folder.path, '.env'), `DATABASE_URL=${withName('dotenv')}\n`);
    await writeFile(join(folder.path, 'other.env'), `DATABASE_URL='${withName('file')}' # this\n`);
    const file = ['--env-file', 'other.env'];
    expect(await chosen([])).toBe('dotenv');
    expect(await chosen([], fromEnvironment)).toBe('environment');
    expect(await chosen(file, fromEnvironment)).toBe('file');
    expect(await chosen([...file, '--url', url], fromEnvironment)).toBe('flag');
    expect(await chosen([`--url=${url}`, `--env-file=other.env`])).toBe('flag');
  });

  it('reads no .env beside --env-file, whose own variables count, all of them', async () => {
    await writeFile(join(folder.path, '.env'), `DATABASE_URL=${withName('dotenv')}\n`);
    await writeFile(join(folder.path, 'other.env'), 'NODE_ENV=production\n');
    expect(await chosen(['--env-file', 'other.env'])).toMatch(/^6: .*NODE_ENV is production/);
  });

  it.each([
    ['an empty URL', ['--url', ''], 'must not be empty'],
    // Before Node.js lets a program run, it looks for a file of this option itself, and ends with 9.
    ['an empty name of a file', ['--env-file', ''], '(must not be empty|not found)'],
    ['a file that is not there', ['--env-file', 'missing.env'], 'missing.env'],
  ])('refuses %s instead of taking another database', async (_what, args, message) => {
    expect(await chosen(args, withName('environment'))).toMatch(
      new RegExp(`^[29]: [^]*${message}`),
    );
  });

  it('refuses a file that cannot be read', async () => {
    const found = await chosen(['--env-file', '.'], withName('environment'));
    expect(found).toMatch(/^[29]: /);
  });
});

describe('azora-db migrate --dry-run', () => {
  const files = readMigrations().map(({ tag }) => `${tag}.sql`);
  const text = (file: string) => readFileSync(join(defaultMigrationsFolder(), file), 'utf8');
  const dryRun = (url: string, ...args: string[]) =>
    runCli(['migrate', '--dry-run', ...args], { cwd: folder.path, env: { DATABASE_URL: url } });

  it('prints the pending files in order under their names, and writes nothing', async () => {
    const url = await emptyDatabase();
    const before = await run(url, 'select oid, relname from pg_class order by oid');
    // Another deploy that holds the lock is not waited for.
    const deploy = await open(url);
    await deploy.query(`select pg_advisory_lock(x'617a6f72616462'::bigint)`);
    const { code, stdout, stderr } = await dryRun(url);
    await deploy.end();
    expect(code).toBe(0);
    expect(stdout).toBe(files.map((file) => `-- ${file}\n${text(file).trimEnd()}\n\n`).join(''));
    expect(stderr).toContain(`${files.length} to apply. Nothing was written.`);
    expect(await run(url, 'select oid, relname from pg_class order by oid')).toEqual(before);
  });

  it('prints only what is missing, and nothing when nothing is', async () => {
    const url = await emptyDatabase();
    await migrate({ url });
    expect(await dryRun(url)).toMatchObject({ code: 0, stdout: '' });
    const newest = 'select max(created_at) from azora_db.migrations';
    await run(url, `delete from azora_db.migrations where created_at = (${newest})`);
    const { stdout } = await dryRun(url);
    expect(stdout).toBe(`-- ${files.at(-1)}\n${text(files.at(-1) ?? '').trimEnd()}\n\n`);
  });

  it('refuses what migrate would refuse', async () => {
    const url = await emptyDatabase();
    await migrate({ url });
    const oldest = 'select min(created_at) from azora_db.migrations';
    await run(url, `delete from azora_db.migrations where created_at = (${oldest})`);
    expect(await dryRun(url)).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('merged late'),
    });
    const late = await dryRun(url, '--allow-late');
    expect(late.stdout.split('\n')[0]).toBe(`-- ${files[0]}`);
  });

  it('starts no server to look at', async () => {
    expect(await dryRun('')).toMatchObject({ code: 5, stdout: '' });
  });
});
