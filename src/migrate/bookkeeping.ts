import type { PoolClient } from 'pg';
import {
  type AppliedRow,
  type Ask,
  BOOKS,
  type BooksTable,
  DRIZZLE_BOOKS,
  findBooks,
  isOurs,
  OUR_BOOKS,
  readOurs,
  readRows,
} from '../books.ts';
import { hashesOf, readJournal, readMigrationText } from '../journal.ts';
import type { Migration } from './migration-files.ts';

const UNDEFINED_TABLE = '42P01';

/** What errors call the statements of `moveOurs`. */
export const MOVING = `from ${DRIZZLE_BOOKS} to ${OUR_BOOKS}`;

/**
 * Where a folder's migrations are recorded. Those of this package have books of their own, also
 * when a copy of the folder is given; another folder is a service's, and shares the books of
 * drizzle-kit, so that either tool can go on after the other.
 */
export function booksOf(migrations: readonly Migration[]): BooksTable {
  const { hashes = [], when = 0 } = migrations[0] ?? {};
  return hashes.some((hash) => isOurs({ hash, when })) ? OUR_BOOKS : DRIZZLE_BOOKS;
}

/** What is recorded as applied, oldest first; empty when nothing ever was. */
export async function readApplied(client: PoolClient, books: BooksTable): Promise<AppliedRow[]> {
  const ask = asking(client);
  if (books === OUR_BOOKS) return readOurs(ask);
  try {
    return (await readRows(ask, books)).filter((row) => !isOurs(row));
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}

function asking(client: PoolClient): Ask {
  return (text) => client.query(text);
}

/**
 * Creates the table exactly as drizzle-kit does, so that either tool can go on after the other.
 * Ours are moved there by `moveOurs` first.
 */
export async function ensureBooks(client: PoolClient, books: BooksTable): Promise<void> {
  // Asked first, because `create schema if not exists` wants a privilege even when it does nothing.
  if (await findBooks(asking(client), books)) await advanceIds(client, books);
  else await client.query(createBooks(books));
}

function createBooks(books: BooksTable): string {
  const table = `
    create schema if not exists ${books.split('.')[0]};
    create table if not exists ${books} (
      id serial primary key,
      hash text not null,
      created_at bigint
    );`;
  if (books !== OUR_BOOKS) return table;
  return `${table}
    comment on schema ${BOOKS.schema} is 'What @azora/db keeps about itself.';
    comment on table ${books} is
      'The migrations of @azora/db that this database has, as drizzle-kit records them.';`;
}

/** Logical replication copies the rows and not the sequence, and then no id of it is free. */
async function advanceIds(client: PoolClient, books: BooksTable): Promise<void> {
  await client.query(`
    select setval(pg_get_serial_sequence('${books}', 'id'), max(id))
    from ${books}
    having max(id) > coalesce(
      pg_sequence_last_value(pg_get_serial_sequence('${books}', 'id')), 0
    )
  `);
}

/** Records a migration as applied, in the transaction that the client is in. */
export async function recordApplied(
  client: PoolClient,
  { hash, when }: Pick<Migration, 'hash' | 'when'>,
  books: BooksTable,
): Promise<void> {
  await client.query(`insert into ${books} (hash, created_at) values ($1, $2)`, [hash, when]);
}

/**
 * Says that the migrations of this package, and no others of it, are applied, in one transaction.
 * The caller holds the deploy lock, and has called `moveOurs` and `ensureBooks`.
 */
export async function recordAll(
  client: PoolClient,
  migrations: readonly Migration[],
): Promise<void> {
  await client.query('begin');
  await client.query(`delete from ${OUR_BOOKS}`);
  for (const migration of migrations) await recordApplied(client, migration, OUR_BOOKS);
  await client.query('commit');
}

/**
 * The statements that move this package's migrations, and no other row, from the books that
 * services share into its own, which they create; none when there is nothing to move. They are for
 * one transaction under the deploy lock, and can be repeated.
 */
export async function moveOurs(client: PoolClient): Promise<string[]> {
  const ask = asking(client);
  const shared = await findBooks(ask, DRIZZLE_BOOKS);
  if (!shared?.readable) return [];
  const hasOurs = (await readRows(ask, DRIZZLE_BOOKS)).some(isOurs);
  return hasOurs ? [createBooks(OUR_BOOKS), moveRows(), GRANT_AS_BEFORE] : [];
}

// drizzle-kit knows no lock, so one migration may be there twice.
function moveRows(): string {
  return `
    with moved as (delete from ${DRIZZLE_BOOKS} where ${isOursInSql()} returning hash, created_at)
    insert into ${OUR_BOOKS} (hash, created_at)
    select min(hash), created_at
    from moved
    where created_at not in (select b.created_at from ${OUR_BOOKS} b where b.created_at is not null)
    group by created_at
    order by created_at`;
}

/** The condition by which a row of the shared books is ours; the hashes are hexadecimal. */
export function isOursInSql(): string {
  const pairs = readJournal().flatMap((entry) =>
    hashesOf(readMigrationText(entry)).map((hash) => `(${entry.when}, '${hash}')`),
  );
  return `(created_at, hash) in (${pairs.join(', ')})`;
}

// Who could see at connect() which migrations there are still can.
const GRANT_AS_BEFORE = `
  do $$
  declare
    reader text;
  begin
    for reader in
      with acls as (
        select relacl as acl from pg_class where oid = '${DRIZZLE_BOOKS}'::regclass
        union all
        select attacl from pg_attribute where attrelid = '${DRIZZLE_BOOKS}'::regclass
      )
      select distinct
        case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end
      from acls, aclexplode(acl)
      where privilege_type = 'SELECT'
    loop
      execute format('grant usage on schema ${BOOKS.schema} to %s', reader);
      execute format('grant select on ${OUR_BOOKS} to %s', reader);
    end loop;
  end
  $$`;
