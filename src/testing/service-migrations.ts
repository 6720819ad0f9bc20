import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import { isServerError, toDbError } from '../db/to-db-error.ts';
import { InvalidInputError } from '../errors.ts';
import { type Migration, readMigrations } from '../migrate/migration-files.ts';
import { withAdmin } from './admin.ts';
import { TestingError } from './errors.ts';

/** A service's own migrations: drizzle-kit's journal, and a file of SQL for each. */
export interface ServiceMigrations {
  readonly folder: string;
  readonly migrations: readonly Migration[];
}

const SHOWN_LENGTH = 80;

/**
 * Reads them from a folder, given as a path from the working directory or as a file URL.
 *
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the folder has no journal or lacks a file
 */
export function readServiceMigrations(also: string | URL): ServiceMigrations {
  const folder = toPath(also);
  return { folder, migrations: readMigrations(folder) };
}

function toPath(also: string | URL): string {
  const rule = 'must be a folder of migrations: a path, or a URL such as new URL(...)';
  if (!(typeof also === 'string' || also instanceof URL) || String(also) === '') {
    throw new InvalidInputError('also', rule);
  }
  if (!String(also).startsWith('file:') && typeof also === 'string') return resolve(also);
  try {
    return fileURLToPath(also);
  } catch {
    throw new InvalidInputError('also', rule);
  }
}

/**
 * Applies all of them, each in a transaction of its own unless it opens with
 * `-- azora-db: no-transaction`, and notes them where drizzle-kit does, so that a service which
 * migrates when it starts finds nothing to do.
 *
 * @throws TestingError `TEST_MIGRATION_FAILED` that names the file and the statement
 */
export async function applyServiceMigrations(
  url: string,
  { folder, migrations }: ServiceMigrations,
): Promise<void> {
  await withAdmin(url, async (client) => {
    for (const migration of migrations) {
      const file = join(folder, `${migration.tag}.sql`);
      if (migration.transactional) await client.query('begin');
      for (const [index, statement] of migration.statements.entries()) {
        const place = `statement ${index + 1} of ${migration.statements.length}`;
        await run(client, statement, `${file}: ${place} (${shorten(statement)})`);
      }
      if (migration.transactional) await run(client, 'commit', `${file}: its commit`);
    }
  });
  // In a session of its own, whatever role and settings they left.
  await withAdmin(url, (client) => record(client, migrations));
}

async function run(client: Client, statement: string, what: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    const cause = toDbError(error);
    // The server's own words name tables and columns; only those of data exceptions quote rows.
    const said = isServerError(error) && !error.code.startsWith('22');
    const reason = said ? `${error.message} (SQLSTATE ${error.code})` : cause.message;
    throw new TestingError('TEST_MIGRATION_FAILED', `${what} failed: ${reason}`, { cause });
  }
}

/** Its first line that says something. */
function shorten(statement: string): string {
  const lines = statement.split('\n').map((line) => line.trim());
  const [first = ''] = lines.filter((line) => line !== '' && !line.startsWith('--'));
  return first.length > SHOWN_LENGTH ? `${first.slice(0, SHOWN_LENGTH)}…` : first;
}

/** As drizzle-kit and drizzle-orm make and fill the table. */
async function record(client: Client, migrations: readonly Migration[]): Promise<void> {
  await client.query(`
    create schema if not exists drizzle;
    create table if not exists drizzle.__drizzle_migrations (
      id serial primary key,
      hash text not null,
      created_at bigint
    )
  `);
  for (const { hash, when } of migrations) {
    await client.query(
      'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
      [hash, when],
    );
  }
}
