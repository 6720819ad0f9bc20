import type { PoolClient } from 'pg';
import { serviceSchemas } from '../schema/schemas.ts';
import { withClient } from './client.ts';
import { assertDeployLock, withDeployLock } from './deploy-lock.ts';
import { resetBlocked } from './errors.ts';
import { deployLock } from './migrate.ts';
import { readMigrations } from './migration-files.ts';

const BOOKS = 'drizzle';

const DEPENDENT_OBJECTS_STILL_EXIST = '2BP01';
const LOCK_NOT_AVAILABLE = '55P03';

export interface DropOptions {
  url: string;
  /** How long to wait for others that use the tables. Default 10 seconds. */
  lockTimeoutMs?: number | undefined;
}

/**
 * Drops everything that the migrations made, with all rows, in one transaction. What else is in the
 * database stays, but for what depends on our tables: foreign keys and views of others go with
 * them. Needs no more than the owner of the database may do.
 *
 * @throws MigrationError `RESET_BLOCKED` with the sessions that use the tables; nothing was
 * dropped.
 */
export async function dropAll(options: DropOptions): Promise<void> {
  const { url, lockTimeoutMs = 10_000 } = options;
  await withClient(url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      try {
        await drop(client, lockTimeoutMs);
      } catch (error) {
        if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
        await client.query('rollback');
        throw resetBlocked(lockTimeoutMs, await listUsers(client));
      }
    }),
  );
}

async function drop(client: PoolClient, lockTimeoutMs: number): Promise<void> {
  await client.query('begin');
  await assertDeployLock(client);
  // Somebody's open transaction is to be named, not waited for without an end.
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await client.query(`drop schema if exists ${serviceSchemas.join(', ')} cascade`);
  await client.query(`drop table if exists ${BOOKS}.__drizzle_migrations`);
  // The rest is in schemas that others use as well, so it goes only if nothing of theirs is in it
  // or uses it.
  await dropUnlessUsed(client, `schema if exists ${BOOKS}`);
  for (const signature of await listPublicFunctions(client)) {
    await dropUnlessUsed(client, `function ${signature}`);
  }
  await client.query('commit');
}

async function dropUnlessUsed(client: PoolClient, what: string): Promise<void> {
  await client.query('savepoint before_drop');
  try {
    await client.query(`drop ${what} restrict`);
  } catch (error) {
    if ((error as { code?: string }).code !== DEPENDENT_OBJECTS_STILL_EXIST) throw error;
    await client.query('rollback to savepoint before_drop');
  }
}

/**
 * The functions in `public` that are ours: by their arguments too, and by the comment that the
 * migrations give.
 */
async function listPublicFunctions(client: PoolClient): Promise<string[]> {
  const ours = readMigrations()
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => [
      ...statement.matchAll(/comment on function (public\.\w+\([^)]*\))\s+is\s+'((?:[^']|'')*)'/gi),
    ]);
  const { rows } = await client.query<{ signature: string }>(
    `select to_regprocedure(ours.signature)::text as signature
     from unnest($1::text[], $2::text[]) as ours (signature, comment)
     where obj_description(to_regprocedure(ours.signature), 'pg_proc') = ours.comment
     order by ours.signature collate "C"`,
    [
      ours.map(([, signature]) => signature),
      ours.map(([, , comment]) => comment?.replaceAll("''", "'")),
    ],
  );
  // A later migration may have made one of them anew.
  return [...new Set(rows.map(({ signature }) => signature))];
}

/** The other sessions that hold a lock on one of our tables. */
async function listUsers(client: PoolClient) {
  const { rows } = await client.query<{ pid: number; application: string; state: string | null }>(
    `select sessions.pid, sessions.application_name as application, sessions.state
     from pg_stat_activity as sessions
     where sessions.pid <> pg_backend_pid()
       -- Tables of a copy of this database have the same oids.
       and sessions.datname = current_database()
       and exists (
         select
         from pg_locks
         join pg_class on pg_class.oid = pg_locks.relation
         where pg_locks.pid = sessions.pid
           and pg_locks.granted
           and pg_locks.database = sessions.datid
           and pg_class.relnamespace::regnamespace::text = any ($1)
       )
     order by sessions.pid`,
    [[...serviceSchemas, BOOKS]],
  );
  return rows;
}
