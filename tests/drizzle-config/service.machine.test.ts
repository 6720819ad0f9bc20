import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { packageRoot } from '../../src/package-root.ts';
import { serviceSchemas } from '../../src/schema/schemas.ts';
import { useEmptyDatabases, useMigratedDatabases } from '../migrate/databases.ts';
import { books, run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';

// Each drizzle-kit takes seconds of computing.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();

const SCHEMA = `
  import { users } from '@azora/db/schema';
  import { sql } from 'drizzle-orm';
  import { check, integer, pgSchema, uuid } from 'drizzle-orm/pg-core';
  export * from '@azora/db/schema';
  export const shop = pgSchema('shop');
  export const orderStatus = shop.enum('order_status', ['OPEN', 'PAID']);
  export const orders = shop.table('orders', {
    id: integer('id').primaryKey(),
    userId: uuid('user_id').notNull().references(() => users.id),
    status: orderStatus('status').notNull().default('OPEN'),
    pieces: integer('pieces').notNull(),
  }, (t) => [check('orders_pieces_check', sql\`\${t.pieces} > 0\`)]);
  export const buyers = shop.view('buyers').as((qb) => qb.select({ id: users.id }).from(users));
`;
const CONFIG = `
  import { defineServiceConfig } from '@azora/db/drizzle-config';
  export default defineServiceConfig({ schema: './src/*.ts', schemaFilter: 'shop' });
`;
// As a service would write it that does not know better.
const PLAIN = `
  export default {
    dialect: 'postgresql',
    schema: './src/schema.ts',
    schemaFilter: ['shop', ${serviceSchemas.map((schema) => `'${schema}'`).join(', ')}],
    dbCredentials: { url: process.env.DATABASE_URL },
  };
`;

/** A service's project, with this library among its packages. */
async function writeService(): Promise<void> {
  const modules = join(folder.path, 'node_modules');
  await mkdir(join(modules, '@azora'), { recursive: true });
  await mkdir(join(folder.path, 'src'), { recursive: true });
  await symlink(packageRoot(), join(modules, '@azora', 'db'));
  for (const name of ['drizzle-kit', 'drizzle-orm']) {
    await symlink(join(packageRoot(), 'node_modules', name), join(modules, name));
  }
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder.path, 'src', 'schema.ts'), SCHEMA);
  await writeFile(join(folder.path, 'drizzle.config.ts'), CONFIG);
  await writeFile(join(folder.path, 'plain.config.ts'), PLAIN);
}

async function drizzleKit(url: string, ...args: string[]) {
  const bin = join('node_modules', 'drizzle-kit', 'bin.cjs');
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder.path,
    env: { ...process.env, DATABASE_URL: url, NODE_OPTIONS: '--conditions=@azora/source' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: stdout + stderr };
}

const readOurs = (url: string) => readCatalog({ url, schemas: serviceSchemas });
const listTables = (url: string) =>
  run(
    url,
    `select relname from pg_class where relnamespace::regnamespace::text = 'shop'
    and relkind in ('r', 'v') order by relname`,
  );
const SHOP = [{ relname: 'buyers' }, { relname: 'orders' }];

describe('defineServiceConfig', () => {
  it("lets drizzle-kit push the service's tables, and leaves ours alone", async () => {
    await writeService();
    const url = await migratedDatabase();
    const before = await readOurs(url);
    expect((await drizzleKit(url, 'push')).output).toContain('Changes applied');
    expect(await listTables(url)).toEqual(SHOP);
    expect((await drizzleKit(url, 'push')).output).toContain('No changes detected');
    expect(await readOurs(url)).toEqual(before);
  });

  it("lets it generate and apply the service's migrations, which have nothing of ours", async () => {
    await writeService();
    const url = await migratedDatabase();
    const before = await readOurs(url);
    expect(await drizzleKit(url, 'generate')).toMatchObject({ code: 0 });
    const out = join(folder.path, 'drizzle');
    const [file = ''] = (await readdir(out)).filter((name) => name.endsWith('.sql'));
    const made = (await readFile(join(out, file), 'utf8')).match(/^CREATE \S+ \S+/gm);
    expect(made).toEqual([
      'CREATE SCHEMA "shop";',
      'CREATE TYPE "shop"."order_status"',
      'CREATE TABLE "shop"."orders"',
      'CREATE VIEW "shop"."buyers"',
    ]);
    expect(await drizzleKit(url, 'migrate')).toMatchObject({ code: 0 });
    expect(await listTables(url)).toEqual(SHOP);
    expect(await books(url)).toHaveLength(1);
    expect(await readOurs(url)).toEqual(before);
  });
});

describe('drizzle-kit push without it', () => {
  it('is refused before it changes anything, in an empty database and a migrated one', async () => {
    await writeService();
    for (const url of [await emptyDatabase(), await migratedDatabase()]) {
      const before = await readCatalog({ url });
      const { code, output } = await drizzleKit(url, 'push', '--config=plain.config.ts', '--force');
      expect(output).toMatch(/KIT_PUSH_REFUSED/);
      expect(code).toBe(1);
      expect(await readCatalog({ url })).toEqual(before);
    }
  });
});
