import {
  AzoraDbError,
  ConnectionLostError,
  ConstraintError,
  PermissionError,
  RetryableError,
  SqlError,
  type SqlErrorFacts,
  TimeoutError,
  TransactionAbortedError,
} from '../errors.ts';
import { wordsOf } from './constraint-rules.ts';

/** What pg makes of the server's ErrorResponse; `message`, `detail` and `where` may hold data. */
interface ServerError extends Error {
  readonly code: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  readonly position?: string;
  readonly routine?: string;
}

// A `cause` would be printed by console.error with its `detail`, so originals are kept beside the
// error.
const originals = new WeakMap<Error, unknown>();

/**
 * The driver's own error behind `error`, a translated one, for a debugger; undefined for any other.
 * It may hold personal data: never log it.
 */
export function getDriverError(error: Error): unknown {
  return originals.get(error);
}

/**
 * Turns `error`, which Drizzle or pg threw, into one of ours, decided by SQLSTATE and constraint
 * name, without the bound values that the original carries. Our own errors, and errors from
 * elsewhere, come back as they are.
 */
export function toDbError(error: unknown): Error {
  if (error instanceof AzoraDbError) return error;
  if (isServerError(error)) return remember(fromServer(error), error);
  if (isDrizzleQueryError(error)) return fromDriver(error.cause);
  if (isSystemError(error)) return remember(new ConnectionLostError(error.code), error);
  if (error instanceof Error) return error;
  return new AzoraDbError('UNKNOWN', `a ${typeof error} was thrown, which is not an Error`);
}

/**
 * The same for an error that certainly came from a pg client, whose own errors have neither class
 * nor code. What a parser of the caller's threw comes through it too, and is left as it is.
 */
export function fromDriver(error: unknown): Error {
  const isPlain = error instanceof Error && error.constructor === Error && !('code' in error);
  if (isPlain && LOSSES.test(error.message)) {
    return remember(new ConnectionLostError(error.message), error);
  }
  return toDbError(error);
}

// pg's fixed texts, which hold no data, and that of a deadline.
const LOSSES = new RegExp(
  `^(?:${[
    'Connection terminated',
    'Client has encountered a connection error',
    'Client was closed',
    'no answer within',
    'Query read timeout$',
    'timeout expired$',
  ].join('|')})`,
);

/**
 * Whether the server, and not the network or the driver, refused: the connection is still in step.
 */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error;
}

/**
 * Whether the session is gone after this error, so that its connection must not be used again.
 */
export function endsSession(error: ServerError): boolean {
  const { code: sqlState } = error;
  if (sqlState === '57014' || isMiscounted(error)) return false;
  return sqlState === '25P03' || sqlState === '25P04' || /^(?:08|53|57|58|F0|XX)/.test(sqlState);
}

/** Another number of parameters than the text names: the state also says "out of step". */
function isMiscounted({ code, routine }: ServerError): boolean {
  return code === '08P01' && routine === 'exec_bind_message';
}

/** A prepared statement's plan is out of date; the state alone also says "not supported". */
function isStalePlan(error: unknown): boolean {
  return (
    isServerError(error) && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'
  );
}

function fromServer(error: ServerError): AzoraDbError {
  const { code, schema, table, column, constraint } = error;
  const facts: SqlErrorFacts = { sqlState: code, schema, table, column, constraint };
  if (code.startsWith('23')) return new ConstraintError(describeConstraint(error), facts);
  if (code === '42501') return new PermissionError(error.message, facts);
  if (code === '40001') {
    return new RetryableError('SERIALIZATION_FAILURE', 'concurrent transactions conflicted', facts);
  }
  if (code === '40P01') return new RetryableError('DEADLOCK', 'a deadlock was broken', facts);
  if (isStalePlan(error)) {
    return new RetryableError('STALE_PLAN', "a statement's result type was migrated", facts);
  }
  if (code === '57014') {
    return new TimeoutError(
      'STATEMENT_CANCELED',
      'the statement ran into statement_timeout or was canceled',
      facts,
    );
  }
  if (code === '55P03') {
    return new TimeoutError('LOCK_TIMEOUT', 'a lock was not to be had within lock_timeout', facts);
  }
  if (code === '25P02') return new TransactionAbortedError();
  if (endsSession(error) && !/^(?:53|58|F0|XX)/.test(code)) {
    return new ConnectionLostError(
      `SQLSTATE ${code}, ${conditions[code] ?? 'ended by the server'}`,
    );
  }
  return new SqlError('SQL_ERROR', describe(error), facts);
}

/**
 * In words of ours where the rule is known, else by the constraint's name: the server's own depend
 * on its `lc_messages`. What a trigger of our migrations raises names the row.
 */
function describeConstraint(error: ServerError): string {
  const { code, schema, table, column, constraint, routine } = error;
  const known = wordsOf(constraint);
  if (known !== undefined) return known;
  if (routine === 'exec_stmt_raise') return error.message;
  const place = schema === undefined ? (table ?? 'a table') : `${schema}.${table ?? 'a type'}`;
  if (code === '23502') return `${place} needs a value of ${column ?? 'a column'}`;
  return `${place} does not allow this: ${constraint ?? `SQLSTATE ${code}`}`;
}

function describe(error: ServerError): string {
  const { code } = error;
  const condition = conditions[code] === undefined ? '' : `, ${conditions[code]}`;
  const said = `the database refused the statement (SQLSTATE ${code}${condition})`;
  // With a position it is about the statement's text, and parameters are not part of that. P0001 is
  // what a trigger's `raise exception` says, in words that our own migrations chose.
  const aboutText = (code.startsWith('42') && error.position !== undefined) || isMiscounted(error);
  return aboutText || code === 'P0001' ? `${said}: ${error.message}` : said;
}

// The conditions that a caller's data or the state of the server can cause, by PostgreSQL's names.
const conditions: Readonly<Record<string, string>> = {
  '08006': 'connection_failure',
  '21000': 'cardinality_violation',
  '22001': 'string_data_right_truncation',
  '22003': 'numeric_value_out_of_range',
  '22007': 'invalid_datetime_format',
  '22008': 'datetime_field_overflow',
  '22012': 'division_by_zero',
  '22021': 'character_not_in_repertoire',
  '22023': 'invalid_parameter_value',
  '22P02': 'invalid_text_representation',
  '22P05': 'untranslatable_character',
  '25006': 'read_only_sql_transaction',
  '25P03': 'idle_in_transaction_session_timeout',
  '25P04': 'transaction_timeout',
  '53100': 'disk_full',
  '53200': 'out_of_memory',
  '53300': 'too_many_connections',
  '57P01': 'admin_shutdown',
  '57P02': 'crash_shutdown',
  '57P03': 'cannot_connect_now',
  '57P04': 'database_dropped',
  '57P05': 'idle_session_timeout',
};

function remember<E extends Error>(translated: E, original: unknown): E {
  originals.set(translated, original);
  return translated;
}

function isDrizzleQueryError(error: unknown): error is Error {
  return error instanceof Error && 'query' in error && 'params' in error;
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
