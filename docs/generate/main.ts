import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Client } from 'pg';
import { startEmbedded } from '../../src/embedded/index.ts';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { migrate } from '../../src/migrate/index.ts';
import { describeCommands } from './commands.ts';
import { describeQueries } from './queries.ts';
import { describeSchema } from './schema.ts';

/*
 * Writes docs/reference from a database that the migrations just built, on PostgreSQL 18.
 * `--check` writes nothing and fails if a file is out of date.
 */

const folder = join(import.meta.dirname, '..', 'reference');
const check = process.argv.includes('--check');

async function renderPages(): Promise<Map<string, string>> {
  const server = await startEmbedded({ ephemeral: true });
  try {
    await migrate({ url: server.url });
    const client = new Client({ connectionString: server.url });
    await client.connect();
    try {
      return new Map([
        ['commands.md', describeCommands()],
        ...(await describeQueries()),
        ...(await describeSchema(client)),
        ['catalog.txt', `${(await readCatalog({ url: server.url })).join('\n')}\n`],
      ]);
    } finally {
      await client.end();
    }
  } finally {
    await server.stop();
  }
}

const stale: string[] = [];
const pages = await renderPages();
for (const [name, text] of pages) {
  const file = join(folder, name);
  const current = await readFile(file, 'utf8').catch(() => '');
  if (current === text) continue;
  stale.push(name);
  if (check) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  const name = relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
  if (!entry.isFile() || pages.has(name)) continue;
  stale.push(name);
  if (!check) await rm(join(folder, name));
}

if (check && stale.length > 0) {
  console.error(`out of date: docs/reference/${stale.join(', ')}; run npm run docs`);
  process.exitCode = 1;
}
