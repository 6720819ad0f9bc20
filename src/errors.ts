import type { SchemaDifference } from './catalog/compare-entries.ts';
import type { Json } from './input/json.ts';

export type { SchemaDifference } from './catalog/compare-entries.ts';

/**
 * An error as JSON: what it is, and what it knows beside that, such as `field` and `rule`. Amounts
 * are decimal text of minor units.
 */
export interface ErrorJson {
  /** Of the class, such as `NotFoundError`. */
  readonly name: string;
  /** What to decide by: see the table of docs/errors.md. */
  readonly code: string;
  /** For people; it may change. */
  readonly message: string;
  readonly [fact: string]: Json;
}

/**
 * What every error is that this library raises on purpose. Callers decide by class or `code`, never
 * by message text.
 *
 * No error here carries what people entered, neither in a property nor in a printed `cause`:
 * PostgreSQL puts values into `detail` and Drizzle into its message, and both end up in logs. Where
 * a rule of ours in the database refuses a row, its message names that row by its keys and its
 * status, ids of users among them.
 */
export class AzoraDbError extends Error {
  /** What to decide by: see the table of docs/errors.md. */
  readonly code: string;
  /** The constraint by which the database found it, if it was one. */
  declare readonly constraint?: string | undefined;
  /** What the server answered, if it was the server. */
  declare readonly sqlState?: string | undefined;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /**
   * What JSON.stringify writes of it, which never throws: neither stack nor `cause`, and so nothing
   * that a driver says of statements, values and passwords. What somebody else has attached and
   * JSON cannot say is left out.
   */
  toJSON(): ErrorJson {
    const facts = Object.entries(this).map(([key, value]) => [key, asFact(value)] as const);
    const known = Object.fromEntries(facts.filter(([, fact]) => fact !== undefined));
    return { name: this.name, code: this.code, message: this.message, ...known } as ErrorJson;
  }
}

function asFact(value: unknown): Json | undefined {
  const write = (_key: string, item: unknown) => (typeof item === 'bigint' ? String(item) : item);
  try {
    const text = JSON.stringify(value, write);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

// On the prototype, so that the first line of a stack has it and util.inspect does not repeat it.
Object.defineProperty(AzoraDbError.prototype, 'name', {
  get(this: AzoraDbError) {
    return this.constructor.name;
  },
});

/**
 * Input that breaks a rule, found before anything is written. `field` is a path such as
 * `items.0.amount`.
 */
export class InvalidInputError extends AzoraDbError {
  /** The path of the field, such as `items.0.amount`, places from 0; empty for the whole input. */
  readonly field: string;
  /** What must hold, such as `must be at least 1`. */
  readonly rule: string;

  constructor(field: string, rule: string) {
    super('INVALID_INPUT', field === '' ? `input ${rule}` : `${field} ${rule}`);
    this.field = field;
    this.rule = rule;
  }
}

/** A `get` found no row. `keys` are the names of the parameters that it looked for. */
export class NotFoundError extends AzoraDbError {
  /** What there is none of, such as `wallet`. */
  readonly entity: string;
  /** The names, not the values, of the parameters that it looked for. */
  readonly keys: readonly string[];

  constructor(entity: string, keys: readonly string[] = []) {
    super(
      'NOT_FOUND',
      keys.length === 0 ? `no such ${entity}` : `no ${entity} has this ${keys.join(', ')}`,
    );
    this.entity = entity;
    this.keys = keys;
  }
}

/**
 * The row exists, but is in a state from which this cannot be done, such as refunding a failed
 * payment. `status` is the one it is in.
 */
export class WrongStateError extends AzoraDbError {
  /** What is in the wrong state, such as `payment`. */
  readonly entity: string;
  /** The status that it is in. */
  readonly status: string;

  constructor(entity: string, status: string, required: string) {
    super('WRONG_STATE', `the ${entity} is ${status}, and must be ${required}`);
    this.entity = entity;
    this.status = status;
  }
}

/** Where the server says an error happened: identifiers only, no data. */
export interface SqlErrorFacts {
  /** The five characters of the SQLSTATE, such as `23505`. */
  readonly sqlState: string;
  /** The schema's name, if the server named one. */
  readonly schema?: string | undefined;
  /** The table's name, if the server named one. */
  readonly table?: string | undefined;
  /** The column's name, if the server named one. */
  readonly column?: string | undefined;
  /** The constraint's name, if the server named one. */
  readonly constraint?: string | undefined;
}

/** The server refused a statement for a reason without a class of its own: see `sqlState`. */
export class SqlError extends AzoraDbError {
  /** The five characters of the SQLSTATE, such as `23505`. */
  override readonly sqlState: string;
  /** The schema's name, if the server named one. */
  readonly schema: string | undefined;
  /** The table's name, if the server named one. */
  readonly table: string | undefined;
  /** The column's name, if the server named one. */
  readonly column: string | undefined;
  /** The constraint's name, if the server named one. */
  override readonly constraint: string | undefined;

  constructor(code: string, message: string, facts: SqlErrorFacts) {
    super(code, message);
    this.sqlState = facts.sqlState;
    this.schema = facts.schema;
    this.table = facts.table;
    this.column = facts.column;
    this.constraint = facts.constraint;
  }
}

/** A kind of constraint, by the SQLSTATE of its violation. */
export type ConstraintKind =
  | 'unique'
  | 'foreign key'
  | 'restrict'
  | 'check'
  | 'not null'
  | 'exclusion'
  | 'other';

/**
 * A constraint, or a trigger that raises like one (SQLSTATE class 23 with a constraint name), said
 * no.
 */
export class ConstraintError extends SqlError {
  /**
   * Which kind of constraint it is, by the SQLSTATE; `other` for those without one of their own.
   */
  readonly kind: ConstraintKind;

  constructor(message: string, facts: SqlErrorFacts) {
    super('CONSTRAINT_VIOLATION', message, facts);
    this.kind = constraintKinds[facts.sqlState] ?? 'other';
  }
}

const constraintKinds: Readonly<Record<string, ConstraintKind>> = {
  '23001': 'restrict',
  '23502': 'not null',
  '23503': 'foreign key',
  '23505': 'unique',
  '23514': 'check',
  '23P01': 'exclusion',
};

/** The role lacks a privilege (42501). */
export class PermissionError extends SqlError {
  constructor(message: string, facts: SqlErrorFacts) {
    super('PERMISSION_DENIED', message, facts);
  }
}

/**
 * A statement or lock timeout, or a cancel request: `STATEMENT_CANCELED` (57014) or `LOCK_TIMEOUT`
 * (55P03).
 */
export class TimeoutError extends SqlError {}

/**
 * Nothing is wrong but the timing: run the whole transaction again. `transaction()` does that
 * itself. `SERIALIZATION_FAILURE` (40001), `DEADLOCK` (40P01), or `STALE_PLAN` (0A000: a prepared
 * statement's result type was changed by a migration, noticed inside a transaction).
 */
export class RetryableError extends SqlError {}

/** `transaction()` gave up after `attempts` runs; `cause` is the RetryableError of the last. */
export class RetriesExhaustedError extends AzoraDbError {
  /** How often it ran in all, from 1. */
  readonly attempts: number;

  constructor(attempts: number, cause: RetryableError) {
    super('RETRIES_EXHAUSTED', `the transaction failed ${attempts} times: ${cause.message}`, {
      cause,
    });
    this.attempts = attempts;
  }
}

/**
 * The connection broke, or was closed because no answer came in time (see `statementTimeoutMs` of
 * `connect`). An open transaction that it carried is undone. A statement outside of one may have
 * been carried out or not, or may be yet: ask again with an idempotency key, or look.
 */
export class ConnectionLostError extends AzoraDbError {
  constructor(reason: string, options?: ErrorOptions) {
    super('CONNECTION_LOST', `the connection to the database was lost: ${reason}`, options);
  }
}

/**
 * The connection broke while COMMIT was on its way: the transaction is either wholly there or
 * wholly not, and nobody can tell which from here. Never retried by this library: ask again with an
 * idempotency key, or look.
 */
export class CommitUnknownError extends AzoraDbError {
  constructor(cause: Error) {
    super(
      'COMMIT_UNKNOWN',
      'the connection was lost during COMMIT: look whether the transaction is there before ' +
        'doing it again',
      { cause },
    );
  }
}

/**
 * The transaction was rolled back because a failed statement was swallowed inside it; `cause` is
 * that failure.
 */
export class TransactionAbortedError extends AzoraDbError {
  constructor(cause?: Error) {
    super(
      'TRANSACTION_ABORTED',
      'a statement failed inside the transaction, so nothing of it was kept: use a nested ' +
        'transaction() around what may fail',
      cause === undefined ? undefined : { cause },
    );
  }
}

/**
 * A transaction's handle was used after its callback had settled, or the callback itself ended it,
 * by COMMIT or ROLLBACK with or without AND CHAIN: then `transaction()` throws this whatever the
 * callback does, because what ran before a COMMIT was kept. `cause` is what the callback threw.
 */
export class TransactionEndedError extends AzoraDbError {
  constructor(
    reason = 'await every statement inside its callback, and keep no reference to it',
    options?: ErrorOptions,
  ) {
    super('TRANSACTION_ENDED', `this transaction has ended: ${reason}`, options);
  }
}

/**
 * A transaction's handle was used while a transaction inside it was open, which could have undone
 * that work.
 */
export class TransactionOverlapError extends AzoraDbError {
  constructor() {
    super(
      'TRANSACTION_OVERLAP',
      'a transaction() inside this one is still open: await it before the next statement or ' +
        'transaction()',
    );
  }
}

/** Why no connection could be had: see the table of docs/errors.md. */
export type ConnectErrorCode =
  | 'URL_MISSING'
  | 'URL_MALFORMED'
  | 'URL_UNSUPPORTED'
  | 'SERVER_DOWN'
  | 'PASSWORD_WRONG'
  | 'ACCESS_DENIED'
  | 'DATABASE_MISSING'
  | 'TOO_MANY_CONNECTIONS'
  | 'TLS_FAILED'
  | 'STARTUP_REFUSED'
  | 'SETTINGS_NOT_KEPT'
  | 'PREPARED_STATEMENTS_LOST'
  | 'TRANSACTIONS_REFUSED'
  | 'SERVER_TOO_OLD'
  | 'MIGRATIONS_UNREADABLE'
  | 'NOT_MIGRATED'
  | 'POOL_EXHAUSTED'
  | 'POOL_CLOSED';

/**
 * No usable connection could be had: the message says what is wrong and what to do, and never a
 * password.
 */
export class ConnectError extends AzoraDbError {
  /** What went wrong: see the table of docs/errors.md. */
  declare readonly code: ConnectErrorCode;

  constructor(code: ConnectErrorCode, message: string) {
    super(code, message);
  }
}

/**
 * The database is not as the shipped migrations make it, though all are applied: something was
 * dropped, changed or put in the way. `differences` are all of them.
 */
export class SchemaDriftError extends AzoraDbError {
  /** All differences, in the order of the shipped catalog. */
  readonly differences: readonly SchemaDifference[];

  constructor(message: string, differences: readonly SchemaDifference[]) {
    super('SCHEMA_DIFFERS', message);
    this.differences = differences;
  }
}
