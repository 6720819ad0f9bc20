import type { QueryConfig, QueryResult } from 'pg';
import { explain } from './constraint-rules.ts';
import { type Db, executorOf } from './session.ts';
import { nameWithHash } from './statement-names.ts';

// A prepared statement's name is cut off at 63 bytes by the server, and this leaves room for what
// is added.
const LABEL = /^[a-z][a-z0-9_]{0,44}$/;

/** A fixed SQL text, ready to run on a database or in a transaction. */
export interface Statement<Row, Values extends readonly unknown[] = readonly unknown[]> {
  (db: Db, ...values: [] extends Values ? [values?: Values] : [values: Values]): Promise<Row[]>;
  /** What it is called in `pg_prepared_statements`, before the hash. */
  readonly label: string;
  readonly text: string;
}

interface LoadedStatement {
  readonly label: string;
  readonly text: string;
  /** What `prepared` calls the columns of its rows. */
  readonly columns?: readonly string[];
  /** What `prepared` calls `$1`, `$2` and so on; null is a constant. */
  readonly parameters?: readonly (string | null)[];
}

/** Every statement that this process has loaded, for tests and docs. */
export const loadedStatements: LoadedStatement[] = [];

/**
 * Makes a function that runs `text` as a named prepared statement: the server parses it once a
 * connection, and nothing is built on this side, which makes a read by key three times as fast as
 * Drizzle's builder.
 *
 * Values come back as `typeParsers` says: int8 as bigint, timestamptz as Date, numeric and date as
 * text.
 *
 * A migration that changes the type of a returned column makes prepared statements stale. Outside a
 * transaction the statement is prepared anew and run once more; inside one it throws a
 * RetryableError, and `transaction()` runs the callback again.
 *
 * Behind PgBouncer in transaction mode, 1.21 or later with `max_prepared_statements` above 0 is
 * needed.
 *
 * `Row` and `Values`, the types of `$1`, `$2` and so on, are what the server says of the text: a
 * test asks it.
 *
 * @throws the errors of `toDbError`, and ConnectError when no connection was to be had. A broken
 * constraint of `constraintRules` is the error that it stands for.
 */
export function statement<
  Row extends object,
  Values extends readonly unknown[] = readonly unknown[],
>(label: string, text: string): Statement<Row, Values> {
  const runNamed = named(label, text);
  const run = (db: Db, values: readonly unknown[] = []): Promise<Row[]> =>
    runNamed(db, { values: [...values] }).then(rowsOf<Row>);
  loadedStatements.push({ label, text });
  return Object.assign(run, { label, text });
}

/** What of a query is not its name and text. */
type Rest = Omit<QueryConfig, 'name' | 'text'> & { readonly rowMode?: 'array' };

/** Runs `text` under a name of its own. */
export function named(label: string, text: string): (db: Db, rest: Rest) => Promise<QueryResult> {
  if (!LABEL.test(label)) throw new TypeError(`a statement cannot be called "${label}"`);
  const name = nameWithHash(label, text);
  return (db, rest) =>
    executorOf(db)
      .query({ name, text, ...rest })
      .catch((error: unknown) => {
        throw explain(error);
      });
}

function rowsOf<Row>(result: QueryResult): Row[] {
  return result.rows;
}

/** The row that a statement must have returned. */
export function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
