import { NodePgDatabase, NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import type {
  PgPreparedQuery,
  PgTransactionConfig,
  PreparedQueryConfig,
} from 'drizzle-orm/pg-core';
import type { Pool, PoolClient } from 'pg';
import { guarded } from '../input/guarded.ts';
import { adopt } from './adopt.ts';
import { ExactDialect } from './dialect.ts';
import { asMember, type Known, knownOf, type SchemaArgument } from './drizzle-version.ts';
import { type Merged, type NoSchema, type OwnSchema, ourTables } from './own-schema.ts';
import type { PoolExecutor } from './pool-executor.ts';
import { type Isolation, TransactionClient } from './transaction-client.ts';

// Everything that leans on how Drizzle is built inside is in this file, in dialect.ts and in
// drizzle-version.ts.

// biome-ignore lint/suspicious/noExplicitAny: nothing narrower accepts every schema
type Any = any;

/** A Drizzle whose statements `pg` runs. */
export type AnyDrizzle = NodePgDatabase<Any>;

/** The `tx` that Drizzle gives the callback of `transaction` of such a database. */
type TransactionIn<D extends AnyDrizzle> = Parameters<Parameters<D['transaction']>[0]>[0];

/**
 * What every query takes: the database, or an open transaction. Either comes from this library, or
 * from a Drizzle of the caller's own over a pool of node-postgres, whatever its schema is. Where a
 * type says no more than `NodePgDatabase`, it may be one over a single connection, which is
 * refused: `NodePgDatabase<typeof schema> & { $client: Pool }` says more.
 */
export type Db =
  | (AnyDrizzle & {
      /** The pool over which it runs. */
      readonly $client: Pool;
    })
  | TransactionIn<AnyDrizzle>;

declare const schemaOf: unique symbol;

interface Nestable<TSchema extends OwnSchema> {
  /** For types only: there is no value. */
  readonly [schemaOf]: TSchema;
  /** A savepoint: the same as `transaction(tx, ...)`. */
  transaction<T>(callback: (tx: Transaction<TSchema>) => Promise<T>): Promise<T>;
}

/**
 * An open transaction of this library: a Drizzle transaction, and a `Db` for every query function.
 * `TSchema` is that of its database.
 */
export type Transaction<TSchema extends OwnSchema = NoSchema> = Nestable<TSchema> &
  TransactionIn<NodePgDatabase<SchemaArgument<Merged<TSchema>>>>;

/** What `transaction(db, ...)` gives its callback: its `query` knows what `db.query` does. */
export type TransactionOf<D extends Db> = [D] extends [Database<infer S>]
  ? Transaction<S>
  : [D] extends [{ readonly [schemaOf]: infer S extends OwnSchema }]
    ? Transaction<S>
    : Transaction;

/** How `transaction` runs its callback. */
export interface TransactionOptions {
  /** Default `read committed`. */
  isolation?: Isolation | undefined;
  /** Default `read write`. */
  accessMode?: 'read write' | 'read only' | undefined;
  /**
   * With `serializable` and `read only`: wait for a snapshot that cannot conflict. Default false.
   */
  deferrable?: boolean | undefined;
  /** How often the callback may run in all when transactions conflict. Default 5. */
  maxAttempts?: number | undefined;
}

type Runner = <T>(
  db: Db,
  callback: (tx: Transaction<Any>) => Promise<T>,
  options?: TransactionOptions,
) => Promise<T>;

const dialect = new ExactDialect();
let known: Known | undefined;

function ours(): Known {
  known ??= knownOf(ourTables);
  return known;
}

/**
 * Drizzle's session over one of our executors, so that its queries get our errors and connection
 * handling.
 */
class Session extends NodePgSession<Any, Any> {
  readonly executor: PoolExecutor | TransactionClient;
  readonly runner: Runner;
  readonly known: Known;
  // `instanceof` compares names in Drizzle 1.0, and would take a session of another copy of this.
  readonly #isOurs = true;

  static made(session: unknown): session is Session {
    return typeof session === 'object' && session !== null && #isOurs in session;
  }

  constructor(executor: PoolExecutor | TransactionClient, runner: Runner, all: Known) {
    // Drizzle calls nothing but `query` of what it takes for a client.
    super(executor as unknown as PoolClient, dialect, all);
    this.executor = executor;
    this.runner = runner;
    this.known = all;
  }

  /** What Drizzle's own code calls, such as its `migrate`. */
  override transaction<T>(
    callback: (tx: Transaction<Any>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return this.runner({ _: { session: this } } as unknown as Db, callback, fromDrizzle(config));
  }

  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<NodePgSession<Any, Any>['prepareQuery']>
  ): PgPreparedQuery<T> {
    // The original wraps every error in one whose message holds the bound values, and 1.0 does so
    // on its fast path as well. There is no cache to ask.
    const prepared = super.prepareQuery<T>(...args);
    return Object.assign(prepared, { queryWithCache: runDirectly, fastPath: false });
  }
}

function runDirectly<T>(_text: string, _values: unknown[], query: () => Promise<T>): Promise<T> {
  return query();
}

/**
 * A Drizzle database over a pool that `connect()` made or was given. `TSchema` is what `connect()`
 * was given as `schema`: `Database<typeof schema>`.
 */
export class Database<TSchema extends OwnSchema = NoSchema> extends NodePgDatabase<
  SchemaArgument<Merged<TSchema>>
> {
  /**
   * The pool. The connections of one that `connect()` made return `bigint` for int8, as
   * `statement()` does.
   */
  readonly $client: Pool;
  readonly #isOurs: boolean;
  #closing: Promise<void> | undefined;

  constructor(executor: PoolExecutor, runner: Runner, all = ours()) {
    super(dialect, new Session(executor, runner, all), all);
    this.$client = executor.pool;
    this.#isOurs = executor.isOurs;
    // Drizzle's `withReplicas` copies what an object has itself.
    this.close = this.close.bind(this);
  }

  /** The same as the function `transaction(db, ...)`, under Drizzle's name for it. */
  override transaction<T>(
    callback: (tx: Transaction<TSchema>) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return runnerOf(this)(this, callback as never, fromDrizzle(config));
  }

  /**
   * Waits for the transactions and statements under way, then closes every connection. A pool that
   * was passed to `connect()` is left as it is: whoever made it ends it. Again, or after
   * `$client.end()`, it does nothing.
   */
  close(): Promise<void> {
    const isOpen = this.#isOurs && !this.$client.ending;
    this.#closing ??= isOpen ? this.$client.end() : Promise.resolve();
    return this.#closing;
  }
}

/** The Drizzle of an open transaction. */
class OpenTransaction extends NodePgTransaction<Any, Any> {
  constructor(client: TransactionClient, runner: Runner, all: Known) {
    const session = new Session(client, runner, all);
    // Given the schema, Drizzle builds a relational query builder for every table: 12 microseconds
    // a transaction, which few of them use.
    super(dialect, session, {} as never);
    Object.assign(this._, asMember(all));
    Object.defineProperty(this, 'query', {
      get: () => new NodePgTransaction(dialect, session, all).query,
    });
  }

  /** A savepoint: the same as `transaction(tx, ...)`. */
  override transaction<T>(callback: (tx: Transaction<Any>) => Promise<T>): Promise<T> {
    return runnerOf(this)(this, callback);
  }
}

/** What the callback of a transaction gets. */
export function openTransaction(
  client: TransactionClient,
  runner: Runner,
  all = ours(),
): Transaction<Any> {
  return new OpenTransaction(client, runner, all) as unknown as Transaction<Any>;
}

function fromDrizzle(config: PgTransactionConfig | undefined): TransactionOptions {
  const { isolationLevel, accessMode, deferrable } = config ?? {};
  return {
    // PostgreSQL treats the two alike.
    ...(isolationLevel && {
      isolation: isolationLevel === 'read uncommitted' ? 'read committed' : isolationLevel,
    }),
    ...(accessMode && { accessMode }),
    ...(deferrable !== undefined && { deferrable }),
  };
}

/** What runs the statements of `db`: its pool, or its transaction's connection. */
export function executorOf(db: Db): PoolExecutor | TransactionClient {
  // What comes from plain JavaScript may be anything.
  return guarded('db', () => {
    const session: unknown = (db as Partial<Db> | null | undefined)?._?.session;
    if (Session.made(session)) return session.executor;
    return adopt(db, session);
  });
}

/**
 * Whether a statement that fails has ended what `db` stands for, so that nothing can be tried again
 * on it.
 */
export function isInTransaction(db: Db): boolean {
  return executorOf(db) instanceof TransactionClient;
}

/** How many statements can run on `db` at once. */
export function mostConnections(db: Db): number {
  const executor = executorOf(db);
  return executor instanceof TransactionClient ? 1 : executor.pool.options.max;
}

/** Whether it is a Drizzle of this library. */
export function isOurDrizzle(db: Db): db is Db & AnyDrizzle {
  return Session.made(db._.session);
}

/** What `db.query` knows, in a transaction on `db` too. */
export function knownTo(db: Db): Known {
  const session: unknown = db._.session;
  return Session.made(session) ? session.known : ours();
}

function runnerOf(db: Db): Runner {
  return (db._.session as unknown as Session).runner;
}
