import type { PoolClient } from 'pg';
import {
  type Ask,
  BOOKS,
  DRIZZLE_BOOKS,
  findBooks,
  isOurs,
  OUR_BOOKS,
  readRows,
} from '../books.ts';
import { serviceSchemas } from '../schema/schemas.ts';
import { isOursInSql } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { listDependents, lockTables } from './dependents.ts';
import { assertDeployLock, withDeployLock } from './deploy-lock.ts';
import { ResetDependentsError, resetBlocked } from './errors.ts';
import { deployLock } from './migrate.ts';
import { readMigrations } from './migration-files.ts';

const DEPENDENT_OBJECTS_STILL_EXIST = '2BP01';
const LOCK_NOT_AVAILABLE = '55P03';

export interface DropOptions {
  url: string;
  /** How long to wait for others that use the tables. Default 10 seconds. */
  lockTimeoutMs?: number | undefined;
  /** Drop what of others depends on ours as well. */
  force?: boolean | undefined;
}

/**
 * Drops everything that the migrations made, with all rows, in one transaction. What else is in the
 * database stays; what of it depends on ours, such as foreign keys and views, is dropped only with
 * `force`, and returned, as `view shop.rich_users`. Needs no more than the owner of the database
 * may do.
 *
 * @throws ResetDependentsError with what of others depends on ours
 * @throws MigrationError `RESET_BLOCKED` with the sessions that use the tables
 *   In either case nothing was dropped.
 */
export async function dropAll(options: DropOptions): Promise<string[]> {
  const { url, lockTimeoutMs = 10_000, force = false } = options;
  return withClient(url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      try {
        return await drop(client, { lockTimeoutMs, force });
      } catch (error) {
        if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
        await client.query('rollback');
        throw resetBlocked(lockTimeoutMs, await listUsers(client));
      }
    }),
  );
}

async function drop(
  client: PoolClient,
  { lockTimeoutMs, force }: Required<Pick<DropOptions, 'lockTimeoutMs' | 'force'>>,
): Promise<string[]> {
  const ours = readPublicFunctions();
  await client.query('begin');
  await assertDeployLock(client);
  // Somebody's open transaction is to be named, not waited for without an end.
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await lockTables(client);
  const dependents = await listDependents(
    client,
    ours.map(({ signature }) => signature),
  );
  if (dependents.length > 0 && !force) throw new ResetDependentsError(dependents);
  await client.query(`drop schema if exists ${serviceSchemas.join(', ')} cascade`);
  await client.query(`drop table if exists ${OUR_BOOKS} cascade`);
  await clearSharedBooks(client);
  // The rest is in schemas that others use as well, so it goes only if nothing of theirs is in it
  // or uses it.
  await dropUnlessUsed(client, `schema if exists ${BOOKS.schema}`);
  for (const signature of await listPublicFunctions(client, ours)) {
    await dropUnlessUsed(client, `function ${signature}`);
  }
  await client.query('commit');
  return dependents;
}

/** Where older releases recorded ours: what others have there stays. */
async function clearSharedBooks(client: PoolClient): Promise<void> {
  const ask: Ask = (text) => client.query(text);
  if (!(await findBooks(ask, DRIZZLE_BOOKS))?.readable) return;
  const rows = await readRows(ask, DRIZZLE_BOOKS);
  if (!rows.some(isOurs)) return;
  await client.query(`delete from ${DRIZZLE_BOOKS} where ${isOursInSql()}`);
  if (!rows.every(isOurs)) return;
  await dropUnlessUsed(client, `table ${DRIZZLE_BOOKS}`);
  await dropUnlessUsed(client, 'schema drizzle');
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

interface PublicFunction {
  readonly signature: string;
  readonly comment: string;
}

/** The functions that the migrations make in `public`, and each comment that they give them. */
function readPublicFunctions(): PublicFunction[] {
  const made = /comment on function (public\.\w+\([^)]*\))\s+is\s+'((?:[^']|'')*)'/gi;
  return readMigrations()
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => [...statement.matchAll(made)])
    .map(([, signature = '', comment = '']) => ({
      signature,
      comment: comment.replaceAll("''", "'"),
    }));
}

/** Those of the database that are ours: by their arguments too, and by their comment. */
async function listPublicFunctions(
  client: PoolClient,
  ours: readonly PublicFunction[],
): Promise<string[]> {
  const { rows } = await client.query<{ signature: string }>(
    `select to_regprocedure(ours.signature)::text as signature
     from unnest($1::text[], $2::text[]) as ours (signature, comment)
     where obj_description(to_regprocedure(ours.signature), 'pg_proc') = ours.comment
     order by ours.signature collate "C"`,
    [ours.map(({ signature }) => signature), ours.map(({ comment }) => comment)],
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
    [[...serviceSchemas, BOOKS.schema, 'drizzle']],
  );
  return rows;
}
