import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { Client, type QueryResultRow } from 'pg';
import { type BooksTable, DRIZZLE_BOOKS, OUR_BOOKS } from '../../src/books.ts';

/** The text of a migration by its tag; the order of the keys is the order of the journal. */
export type Files = Readonly<Record<string, string>>;

/**
 * Writes a migrations folder as drizzle-kit would, in place of what was there. `when` is 1000 for
 * the tag `0001_...`, 2000 for `0002_...` and so on, counted from `start`.
 */
export async function writeMigrations(folder: string, files: Files, start = 0): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'meta'), { recursive: true });
  const entries = Object.keys(files).map((tag, idx) => ({
    idx,
    version: '7',
    when: start + whenOf(tag),
    tag,
    breakpoints: true,
  }));
  const journal = { version: '7', dialect: 'postgresql', entries };
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
  for (const [tag, text] of Object.entries(files)) {
    await writeFile(join(folder, `${tag}.sql`), text);
  }
  return folder;
}

export function whenOf(tag: string): number {
  return Number(tag.slice(0, 4)) * 1000;
}

/** Runs statements on a connection that is not the library's. */
export async function run<Row extends QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = await open(url);
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A connection that is not the library's, for what has to stay open. */
export async function open(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** What is recorded as applied, of a folder that is not this package's unless said. */
export async function books(
  url: string,
  table: BooksTable = DRIZZLE_BOOKS,
): Promise<{ hash: string; created_at: string }[]> {
  return run(url, `select hash, created_at from ${table} order by created_at`);
}

/** Gives a migrated database the books of a release that shared those of drizzle-kit. */
export async function useSharedBooks(url: string): Promise<void> {
  await run(
    url,
    `create schema if not exists drizzle;
     create table if not exists ${DRIZZLE_BOOKS} (
       id serial primary key, hash text not null, created_at bigint
     );
     insert into ${DRIZZLE_BOOKS} (hash, created_at)
     select hash, created_at from ${OUR_BOOKS} order by created_at;
     drop schema azora_db cascade`,
  );
}

/** Drizzle's own migrator, on a connection that is not the library's. */
export async function migrateByDrizzle(url: string, migrationsFolder: string): Promise<void> {
  const client = await open(url);
  try {
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    await client.end();
  }
}

/** The names of the tables in `public`. */
export async function tablesOf(url: string): Promise<string[]> {
  const rows = await run<{ name: string }>(
    url,
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  return rows.map(({ name }) => name);
}
