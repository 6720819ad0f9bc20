import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { migrate } from '../../src/migrate/index.ts';
import { packageRoot } from '../../src/package-root.ts';
import { type CliResult, runCli } from '../cli/run-cli.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases } from './databases.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();

// Each run starts drizzle-kit, which takes seconds of computing.
vi.setConfig({ testTimeout: 240_000 });

/** The repository, to be changed. */
async function copyRepository(): Promise<void> {
  for (const name of ['src', 'drizzle', 'drizzle.config.ts', 'package.json', 'tsconfig.json']) {
    await cp(join(packageRoot(), name), join(folder.path, name), { recursive: true });
  }
  await symlink(join(packageRoot(), 'node_modules'), join(folder.path, 'node_modules'));
}

const generate = (...args: string[]): Promise<CliResult> =>
  runCli(['generate', ...args], { cwd: folder.path, main: join(folder.path, 'src/cli/main.ts') });

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(folder.path, file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}

const read = (file: string) => readFile(join(folder.path, file), 'utf8');

describe('azora-db generate', () => {
  it('writes what changed in tables and SQL objects as one migration, once', async () => {
    await copyRepository();
    expect(await generate()).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing') });

    await edit(
      'src/schema/platform/notifications.ts',
      "title: text('title').notNull(),",
      "title: text('title').notNull(),\n    icon: text('icon'),",
    );
    await edit('src/schema/platform/forbid-change.sql', 'is append-only', 'only grows');
    await edit(
      'src/schema/platform/audit-log.sql',
      'create or replace trigger audit_log_append_only',
      'create or replace trigger audit_log_only_grows',
    );

    const shown = await generate();
    expect(shown.code).toBe(2);
    expect(shown.stderr).toContain('--name');
    expect(shown.stdout).toContain('ADD COLUMN "icon" text');
    expect(shown.stdout).toContain('only grows');

    expect(await generate('--name', 'let_logs_grow')).toMatchObject({ code: 0 });
    const [tag = ''] =
      (await read('drizzle/meta/_journal.json')).match(/\d{4}_let_logs_grow/) ?? [];
    const written = await read(`drizzle/${tag}.sql`);
    expect(written).toMatch(/^-- FILL IN/);
    // A trigger that is gone goes before the tables change, what takes its place comes after them.
    const order = [
      'set local check_function_bodies = off',
      'drop trigger if exists audit_log_append_only on platform.audit_log',
      'ADD COLUMN "icon" text',
      'create or replace function platform.forbid_change()',
      'create or replace trigger audit_log_only_grows',
    ].map((text) => written.indexOf(text));
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(written).not.toContain('finance.post_transfer');

    expect(await generate()).toMatchObject({ code: 0 });

    const url = await emptyDatabase();
    await migrate({ url, migrationsFolder: join(folder.path, 'drizzle') });
    const catalog = (await readCatalog({ url })).join('\n');
    expect(catalog).toContain('column platform.notifications.icon text');
    expect(catalog).toContain('TRIGGER audit_log_only_grows');
    expect(catalog).not.toContain('audit_log_append_only BEFORE');
  });

  it('says that a terminal is needed where drizzle-kit would ask, and writes nothing', async () => {
    await copyRepository();
    await edit(
      'src/schema/platform/notifications.ts',
      "title: text('title').notNull(),",
      "heading: text('heading').notNull(),",
    );
    const before = await read('drizzle/meta/_journal.json');
    expect(await generate('--name', 'rename_title')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run this in a terminal'),
    });
    expect(await read('drizzle/meta/_journal.json')).toBe(before);
  });
});
