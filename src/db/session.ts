import {
  createTableRelationsHelpers,
  type ExtractTablesWithRelations,
  extractTablesRelationalConfig,
  type RelationalSchemaConfig,
} from 'drizzle-orm';
import {
  NodePgDatabase,
  type NodePgQueryResultHKT,
  NodePgSession,
  NodePgTransaction,
} from 'drizzle-orm/node-postgres';
import type {
  PgDatabase,
  PgPreparedQuery,
  PgTransactionConfig,
  PreparedQueryConfig,
} from 'drizzle-orm/pg-core';
import type { Pool, PoolClient } from 'pg';
import { guarded } from '../input/guarded.ts';
import * as schema from '../schema/index.ts';
import { adopt } from './adopt.ts';
import { ExactDialect } from './dialect.ts';
import type { Executor, PoolExecutor } from './pool-executor.ts';
import { type Isolation, TransactionClient } from './transaction-client.ts';

// Everything that leans on how Drizzle is built inside is in this file and in dialect.ts.

type Schema = typeof schema;
type Tables = ExtractTablesWithRelations<Schema>;

/**
 * What every query takes: the database, or an open transaction. Either comes from this library, or
 * from a Drizzle of the caller's own over node-postgres, whatever its schema is.
 */
// biome-ignore lint/suspicious/noExplicitAny: nothing narrower accepts every schema
export type Db = PgDatabase<NodePgQueryResultHKT, any, any>;

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
  callback: (tx: Transaction) => Promise<T>,
  options?: TransactionOptions,
) => Promise<T>;

const dialect = new ExactDialect();
let tables: RelationalSchemaConfig<Tables> | undefined;

function relationalConfig(): RelationalSchemaConfig<Tables> {
  if (tables === undefined) {
    const found = extractTablesRelationalConfig<Tables>(schema, createTableRelationsHelpers);
    tables = { fullSchema: schema, schema: found.tables, tableNamesMap: found.tableNamesMap };
  }
  return tables;
}

/**
 * Drizzle's session over one of our executors, so that its queries get our errors and connection
 * handling.
 */
class Session<E extends Executor = Executor> extends NodePgSession<Schema, Tables> {
  readonly executor: E;
  readonly runner: Runner;

  constructor(executor: E, runner: Runner) {
    // Drizzle calls nothing but `query` of what it takes for a client.
    super(executor as unknown as PoolClient, dialect, relationalConfig());
    this.executor = executor;
    this.runner = runner;
  }

  /** What Drizzle's own code calls, such as its `migrate`. */
  override transaction<T>(
    callback: (tx: Transaction) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return this.runner({ _: { session: this } } as unknown as Db, callback, fromDrizzle(config));
  }

  override prepareQuery<T extends PreparedQueryConfig>(
    ...args: Parameters<NodePgSession<Schema, Tables>['prepareQuery']>
  ): PgPreparedQuery<T> {
    // The original wraps every error in one whose message holds the bound values. There is no cache
    // to ask.
    return Object.assign(super.prepareQuery<T>(...args), { queryWithCache: runDirectly });
  }
}

function runDirectly<T>(_text: string, _values: unknown[], query: () => Promise<T>): Promise<T> {
  return query();
}

/** A Drizzle database over a pool that `connect()` made or was given. */
export class Database extends NodePgDatabase<Schema> {
  /**
   * The pool. The connections of one that `connect()` made return `bigint` for int8, as
   * `statement()` does.
   */
  readonly $client: Pool;
  readonly #isOurs: boolean;
  #closing: Promise<void> | undefined;

  constructor(executor: PoolExecutor, runner: Runner) {
    super(dialect, new Session(executor, runner), relationalConfig());
    this.$client = executor.pool;
    this.#isOurs = executor.isOurs;
    // Drizzle's `withReplicas` copies what an object has itself.
    this.close = this.close.bind(this);
  }

  /** The same as the function `transaction(db, ...)`, under Drizzle's name for it. */
  override transaction<T>(
    callback: (tx: Transaction) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    return runnerOf(this)(this, callback, fromDrizzle(config));
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

/** An open transaction: a Drizzle transaction, and a `Db` for every query function. */
export class Transaction extends NodePgTransaction<Schema, Tables> {
  constructor(client: TransactionClient, runner: Runner) {
    const session = new Session(client, runner);
    // Given the schema, Drizzle builds a relational query builder for every table: 12 microseconds
    // a transaction, which few of them use.
    super(dialect, session, undefined);
    Object.assign(this._, relationalConfig());
    Object.defineProperty(this, 'query', {
      get: () => new NodePgTransaction(dialect, session, relationalConfig()).query,
    });
  }

  /** A savepoint: the same as `transaction(tx, ...)`. */
  override transaction<T>(callback: (tx: Transaction) => Promise<T>): Promise<T> {
    return runnerOf(this)(this, callback);
  }
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
    if (session instanceof Session) return session.executor as PoolExecutor | TransactionClient;
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

function runnerOf(db: Database | Transaction): Runner {
  return (db._.session as unknown as Session).runner;
}
