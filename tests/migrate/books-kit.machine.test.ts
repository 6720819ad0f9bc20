import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { OUR_BOOKS } from '../../src/books.ts';
import { connect } from '../../src/db/connect.ts';
import { defaultMigrationsFolder, readJournal } from '../../src/journal.ts';
import { getMigrationStatus, migrate } from '../../src/migrate/index.ts';
import { packageRoot } from '../../src/package-root.ts';
import { runCli } from '../cli/run-cli.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases, useMigratedDatabases } from './databases.ts';
import { books, type Files, run, tablesOf, writeMigrations } from './fixture.ts';

// Each drizzle-kit takes seconds of computing.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();
const tags = readJournal().map(({ tag }) => tag);

/** `drizzle-kit migrate` as a service types it, which says nothing of books in its config. */
async function kitMigrate(url: string, out: string): Promise<void> {
  const config = join(folder.path, 'drizzle.config.json');
  await mkdir(folder.path, { recursive: true });
  await writeFile(config, JSON.stringify({ dialect: 'postgresql', out, dbCredentials: { url } }));
  const bin = join(packageRoot(), 'node_modules', '.bin', 'drizzle-kit');
  const child = spawn(bin, ['migrate', `--config=${config}`], {
    cwd: packageRoot(),
    env: { ...process.env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    stdio: 'ignore',
  });
  expect(await once(child, 'close')).toEqual([0, null]);
}

const write = (files: Files, start?: number) =>
  writeMigrations(join(folder.path, 'drizzle'), files, start);
const CATS = { '0001_cats': 'create table cats (user_id uuid references identity.users)' };
const DOGS = { ...CATS, '0002_dogs': 'create table dogs (id int)' };
const upToDate = { applied: tags, pending: [], late: [], edited: [], deleted: [], ahead: [] };

describe("a service's drizzle-kit migrate, as it comes", () => {
  it('applies migrations that are older than ours, after ours', async () => {
    const url = await migratedDatabase();
    await kitMigrate(url, await write(CATS));
    expect(await tablesOf(url)).toEqual(['cats']);
    await kitMigrate(url, await write(DOGS));
    expect(await tablesOf(url)).toEqual(['cats', 'dogs']);
    expect(await getMigrationStatus({ url })).toEqual(upToDate);
    expect(await migrate({ url })).toEqual({ applied: [] });
  });

  it('may come first, with migrations newer than ours', async () => {
    const url = await emptyDatabase();
    await kitMigrate(url, await write({ '0001_cows': 'create table cows (id int)' }, 4e12));
    const { code, stdout } = await runCli(['migrate'], {
      cwd: folder.path,
      env: { DATABASE_URL: url },
    });
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Applied \d+ migrations/),
    });
    expect(await getMigrationStatus({ url })).toEqual(upToDate);
    expect(await books(url)).toHaveLength(1);
    expect(await tablesOf(url)).toEqual(['cows']);
  });

  it('may have applied ours, which migrate then moves, so that it goes on with its own', async () => {
    const url = await emptyDatabase();
    await kitMigrate(url, defaultMigrationsFolder());
    await (await connect({ url, max: 1 })).close();
    expect(await books(url)).toHaveLength(tags.length);
    expect(await getMigrationStatus({ url })).toEqual(upToDate);
    expect(await migrate({ url })).toEqual({ applied: [] });
    expect(await books(url, OUR_BOOKS)).toHaveLength(tags.length);
    await kitMigrate(url, await write(DOGS));
    expect(await tablesOf(url)).toEqual(['cats', 'dogs']);
    expect(await run(url, `select count(*) from ${OUR_BOOKS}`)).toEqual([
      { count: String(tags.length) },
    ]);
  });
});
