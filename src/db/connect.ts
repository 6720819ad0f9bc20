import pg, { type Pool, type PoolClient, type PoolConfig } from 'pg';
import { BOOKS, OUR_BOOKS, readOurs } from '../books.ts';
import { ConnectError, InvalidInputError } from '../errors.ts';
import { guarded, optionsOf } from '../input/guarded.ts';
import { readJournal } from '../journal.ts';
import { checkSession } from './check-session.ts';
import { deadlineOf } from './deadline.ts';
import { knownOf } from './drizzle-version.ts';
import { type Observers, observersOf } from './observers.ts';
import { mergeSchema, type NoSchema, type OwnSchema } from './own-schema.ts';
import {
  type ConnectOptions,
  mayDoWithoutTls,
  optionNames,
  poolConfig,
  refuseBesidePool,
  wantedSettings,
} from './pool-config.ts';
import { PoolExecutor } from './pool-executor.ts';
import { Database } from './session.ts';
import { neededOfAnyPool, type Wanted } from './session-settings.ts';
import { transaction } from './transaction.ts';

export type { ConnectOptions } from './pool-config.ts';
export type { Database, Db } from './session.ts';

const OLDEST_SERVER = 15;

/**
 * Opens a pool and returns a Drizzle database over it, after one look at the server: is it there,
 * is it PostgreSQL 15 or later, has it every migration that this library ships. With `verify`, also
 * whether its schemas are still as these migrations make them.
 *
 * An option wins over the same setting in the URL (`?application_name=`, `?statement_timeout=`,
 * `?options=-c ...`), and that over the default. The settings travel with the connection's first
 * packet and cost no round trip. What results depend on wins over all: the session's time zone is
 * UTC and its DateStyle ISO, among others. A statement outside of `transaction()` runs at READ
 * COMMITTED, whatever the database's `default_transaction_isolation` says. What a pooler such as
 * PgBouncer drops is noticed and named; docs/poolers.md has its settings.
 *
 * A pooled connection that breaks is dropped and never ends the process; for a log line, listen to
 * the 'error' event of `db.$client`.
 *
 * With `pool` it takes one that exists, and leaves it as it is: its settings and listeners are the
 * caller's, what the caller sends through it is read as before, and neither a failure here nor
 * `db.close()` ends it.
 *
 * With `schema` it knows the tables and relations of a service as well: `db.query.orders` beside
 * `db.query.users`, typed, and in the `tx` of `transaction(db, ...)` too. Numbers are exact at any
 * depth of `with`.
 *
 * @throws InvalidInputError when an option is out of range, or an export of `schema` has a name of
 * ours, stands for a table of ours, or is of another copy of drizzle-orm: `field` names it.
 * @throws ConnectError whose `code` and message say what is wrong, never with a password.
 * @throws SchemaDriftError with `verify`, naming what is missing, changed or in the way.
 * @throws ConnectionLostError when the connection broke during that look, or the server did not
 * answer in time.
 */
export async function connect<TSchema extends OwnSchema = NoSchema>(
  options: ConnectOptions<TSchema> = {},
): Promise<Database<TSchema>> {
  const own = optionsOf(options, optionNames);
  for (const name of ['requireMigrated', 'verify'] as const) {
    if (!['boolean', 'undefined'].includes(typeof own[name])) {
      throw new InvalidInputError(name, 'must be true or false');
    }
  }
  const known = own.schema === undefined ? undefined : knownOf(mergeSchema(own.schema));
  const executor = await open(own, options);
  return new Database<TSchema>(executor, transaction, known);
}

/** `options` are those that `own` is a copy of. */
async function open(own: ConnectOptions, options: object): Promise<PoolExecutor> {
  const { pool, requireMigrated = true, verify = false } = own;
  const observers = observersOf(own);
  if (pool !== undefined) {
    guarded('options', () => refuseBesidePool(options));
    const wanted = neededOfAnyPool;
    return look(pool, { isOurs: false, observers, wanted, requireMigrated, verify });
  }
  const config = poolConfig(own);
  try {
    return await openOurs(config, own, observers);
  } catch (error) {
    const isPlainServer = error instanceof ConnectError && error.code === 'TLS_FAILED';
    if (!isPlainServer || !mayDoWithoutTls(own)) throw error;
    return openOurs({ ...config, ssl: false }, own, observers);
  }
}

async function openOurs(
  config: PoolConfig,
  options: ConnectOptions,
  observers: Observers,
): Promise<PoolExecutor> {
  const { requireMigrated = true, verify = false } = options;
  const pool = new pg.Pool(config);
  // Without a listener, the 'error' event of a connection that breaks ends the process: while idle
  // it reaches the pool, while checked out the client. Whatever was running is rejected anyhow.
  pool.on('error', () => undefined);
  const connected = new Set<PoolClient>();
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    connected.add(client);
  });
  pool.on('remove', (client) => connected.delete(client));
  try {
    const wanted = wantedSettings(options);
    const executor = await look(pool, { isOurs: true, observers, wanted, requireMigrated, verify });
    tellOfOpen(pool, connected);
    return executor;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/**
 * Nobody but `connect()` could hear of the connection that it opened. Who listens before anything
 * else runs on it is told of it, as if it had been opened for that: a listener may set it up.
 */
function tellOfOpen(pool: Pool, connected: ReadonlySet<PoolClient>): void {
  const tell = (event: string | symbol, listener: (client: PoolClient) => void) => {
    if (event !== 'connect') return;
    for (const client of connected) listener.call(pool, client);
  };
  pool.on('newListener' as 'connect', tell as never);
  pool.once('acquire', () => pool.off('newListener' as 'connect', tell as never));
}

interface Look {
  readonly isOurs: boolean;
  readonly observers: Observers;
  readonly wanted: readonly Wanted[];
  readonly requireMigrated: boolean;
  readonly verify: boolean;
}

/** What runs statements on the pool, after one look at the server. */
async function look(
  pool: Pool,
  { isOurs, observers, wanted, requireMigrated, verify }: Look,
): Promise<PoolExecutor> {
  const patience = deadlineOf(pool.options.connectionTimeoutMillis ?? 0);
  const checked = new PoolExecutor(pool, { isOurs, deadlineMs: patience });
  const { version, database, statementTimeout } = await checkSession(checked, wanted);
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_SERVER) {
    throw new ConnectError(
      'SERVER_TOO_OLD',
      `the server is PostgreSQL ${major}, and ${OLDEST_SERVER} or later is needed`,
    );
  }
  if (requireMigrated) await checkMigrations(checked, database);
  const deadlineMs = deadlineOf(statementTimeout);
  if (verify) {
    // Loaded by those alone who ask for it.
    const { assertSchema } = await import('./verify-schema.ts');
    await assertSchema(new PoolExecutor(pool, { isOurs, deadlineMs }), database);
  }
  return new PoolExecutor(pool, { isOurs, deadlineMs, ...observers });
}

async function checkMigrations(executor: PoolExecutor, database: string): Promise<void> {
  const applied = await readAppliedMigrations(executor, database);
  const missing = readJournal().filter((entry) => !applied.has(entry.when));
  const [first] = missing;
  if (first === undefined) return;
  const what = missing.length === 1 ? 'a migration' : `${missing.length} migrations, the first is`;
  throw new ConnectError(
    'NOT_MIGRATED',
    `database "${database}" lacks ${what} ${first.tag}: run "azora-db migrate", or pass ` +
      'requireMigrated: false',
  );
}

async function readAppliedMigrations(
  executor: PoolExecutor,
  database: string,
): Promise<Set<number>> {
  try {
    return new Set((await readOurs((text) => executor.query(text))).map(({ when }) => when));
  } catch (error) {
    if ((error as { sqlState?: string }).sqlState !== '42501') throw error;
    throw new ConnectError(
      'MIGRATIONS_UNREADABLE',
      `this user may not read ${OUR_BOOKS} in database "${database}": grant usage on schema ` +
        `${BOOKS.schema} and select on the table, or pass requireMigrated: false`,
    );
  }
}
