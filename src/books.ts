import { hashesOf, readJournal, readMigrationText } from './journal.ts';

/**
 * Where the migrations of this package are recorded: not with those of the services, because
 * Drizzle's migrator skips whatever is older than the newest row of its table. The table has the
 * form that drizzle-kit makes, whose option `migrations` may name it.
 */
export const BOOKS = { schema: 'azora_db', table: 'migrations' } as const;

/** A table of recorded migrations, as SQL names it. */
export type BooksTable = typeof OUR_BOOKS | typeof DRIZZLE_BOOKS;

export const OUR_BOOKS = `${BOOKS.schema}.${BOOKS.table}` as const;

/**
 * What drizzle-kit and Drizzle's migrator write to by default. Here are a service's migrations, and
 * ours until `migrate` moves them: older releases recorded them here, and so does a drizzle-kit
 * that was told nothing else.
 */
export const DRIZZLE_BOOKS = 'drizzle.__drizzle_migrations';

/** A recorded migration. */
export interface AppliedRow {
  /** SHA-256 of the file, in hex. */
  readonly hash: string;
  /** The journal's `when` of the migration, in milliseconds. */
  readonly when: number;
}

/** Runs a text in the session or transaction that the caller has. */
export type Ask = (text: string) => Promise<{ rows: unknown[] }>;

interface Found {
  readonly name: BooksTable;
  readonly readable: boolean;
  /** Whether the database has a schema of ours. */
  readonly made: boolean;
}

// Asked of the catalog, because a failed look would end the transaction that it is in.
const SELECT_FOUND = `
  select n.nspname || '.' || c.relname as name,
    has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable,
    exists (select from pg_catalog.pg_namespace where nspname = 'platform') as made
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where (n.nspname, c.relname) in (
    ('azora_db', 'migrations'), ('drizzle', '__drizzle_migrations')
  )`;

/**
 * Which migrations of this package are recorded as applied, oldest first: by its own books, and by
 * those that services share, where an older release recorded them.
 *
 * @throws what `ask` does when a role may not read the books
 */
export async function readOurs(ask: Ask): Promise<AppliedRow[]> {
  const found = (await ask(SELECT_FOUND)).rows as Found[];
  const own = found.find(({ name }) => name === OUR_BOOKS);
  const shared = found.find(({ name }) => name === DRIZZLE_BOOKS);
  const rows = own === undefined ? [] : await readRows(ask, OUR_BOOKS);
  const whens = new Set(rows.map(({ when }) => when));
  if (shared === undefined || readJournal().every(({ when }) => whens.has(when))) return rows;
  // What a role may not read there is a service's, if nothing is left for us to find.
  if (!shared.readable && (own !== undefined || !shared.made)) return rows;
  const moving = recognise(await readRows(ask, DRIZZLE_BOOKS));
  return [...rows, ...moving.filter(({ when }) => !whens.has(when))].sort(
    (left, right) => left.when - right.when,
  );
}

/** Whether a table of books is there, and whether the role may read it. */
export async function findBooks(
  ask: Ask,
  table: BooksTable,
): Promise<{ readable: boolean } | undefined> {
  const rows = (await ask(SELECT_FOUND)).rows as Found[];
  return rows.find(({ name }) => name === table);
}

/** The rows of one table, oldest first. */
export async function readRows(ask: Ask, table: BooksTable): Promise<AppliedRow[]> {
  const { rows } = await ask(
    `select hash, created_at from ${table} where created_at is not null order by created_at, id`,
  );
  return (rows as { hash: string; created_at: bigint }[]).map(({ hash, created_at }) => ({
    hash,
    when: Number(created_at),
  }));
}

/** Whether a row is a migration of this package, by its time and its hash. */
export function isOurs({ hash, when }: AppliedRow): boolean {
  const entry = readJournal().find((candidate) => candidate.when === when);
  return entry !== undefined && hashesOf(readMigrationText(entry)).includes(hash);
}

/**
 * Ours among the rows of shared books. One with the time of ours and another hash is ours as well,
 * from a file that was edited, if others beside it are ours and it has no other row.
 */
function recognise(rows: readonly AppliedRow[]): AppliedRow[] {
  const ours = rows.filter(isOurs);
  if (ours.length === 0) return [];
  const rest = new Set(readJournal().map(({ when }) => when));
  for (const { when } of ours) rest.delete(when);
  return [...ours, ...rows.filter(({ when }) => rest.has(when))];
}
