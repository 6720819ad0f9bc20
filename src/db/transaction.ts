import {
  CommitUnknownError,
  InvalidInputError,
  RetriesExhaustedError,
  type RetryableError,
  TransactionAbortedError,
  TransactionEndedError,
} from '../errors.ts';
import { optionsOf } from '../input/guarded.ts';
import type { Connection } from './connection.ts';
import { MAX_ATTEMPTS, pauseAfter } from './retry.ts';
import {
  type Db,
  executorOf,
  knownTo,
  openTransaction,
  type TransactionOf,
  type TransactionOptions,
} from './session.ts';
import { only } from './statement.ts';
import { fromDriver } from './to-db-error.ts';
import {
  ENDED_BY_CALLBACK,
  type Isolation,
  type Modes,
  TransactionClient,
} from './transaction-client.ts';

export type { Transaction, TransactionOptions } from './session.ts';

const strength: Readonly<Record<Isolation, number>> = {
  'read committed': 0,
  'repeatable read': 1,
  serializable: 2,
};

const optionNames = ['isolation', 'accessMode', 'deferrable', 'maxAttempts'] as const;

/**
 * Runs `callback` in a transaction and returns what it returns, once that is committed. When the
 * callback throws, everything is rolled back and its error is thrown.
 *
 * When a statement of this transaction lost a conflict (SQLSTATE 40001, 40P01, or a prepared
 * statement gone stale), the whole callback runs again after a random pause, up to `maxAttempts`
 * times (default 5): it must not do anything outside the database that cannot be repeated. That
 * holds too when the callback swallows the RetryableError, or throws an error of its own that has
 * it as `cause`. Nothing else is retried, and no conflict of another transaction or database.
 *
 * Inside a transaction it is a savepoint: an error undoes only what the inner callback did, and
 * conflicts go on to the outermost call, which retries. While it is open, the outer handle is
 * refused, as is a second inner call. It cannot ask for more isolation than the transaction has,
 * nor to write in a read-only one; a read-only one inside one that writes is read-only until it
 * ends. `maxAttempts` and `deferrable` count for the outermost call alone.
 *
 * `db` may be a Drizzle over a pool of the caller's own, or the `tx` of its `db.transaction`. In
 * that it is a savepoint too, and whoever began it retries, and looks whether it was committed.
 *
 * @throws RetriesExhaustedError after the last attempt; its cause is the conflict.
 * @throws TransactionAbortedError when the callback swallowed a statement's failure, so that
 * nothing was kept.
 * @throws TransactionEndedError when the callback ended it by a statement of its own.
 * Errors of the callback itself come through as they are.
 *
 * @throws InvalidInputError when an option is out of range, or more than the outer transaction
 * allows.
 * @throws TransactionOverlapError when the callback left an inner transaction open; nothing was
 * kept.
 * @throws CommitUnknownError when the connection broke during COMMIT, or the server did not answer
 * in time.
 * @throws ConnectionLostError when it broke before: nothing was kept.
 * @throws ConnectError when no connection was to be had.
 */
export async function transaction<T, D extends Db = Db>(
  db: D,
  callback: (tx: TransactionOf<D>) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const executor = executorOf(db);
  if (typeof callback !== 'function') {
    throw new InvalidInputError('callback', 'must be a function');
  }
  const given = optionsOf(options, optionNames);
  const known = knownTo(db);
  const run = (client: TransactionClient) =>
    callback(openTransaction(client, transaction, known) as TransactionOf<D>);
  if (executor instanceof TransactionClient) return runSavepoint(executor, run, given);

  const { modes, begin, maxAttempts } = read(given);
  for (let attempt = 1; ; attempt += 1) {
    const connection = await executor.openConnection();
    try {
      return await runOnce(connection, begin, modes, run);
    } catch (error) {
      const conflict = findConflict(error, connection);
      if (conflict === undefined) throw error;
      if (!(await pauseAfter(attempt, maxAttempts))) {
        throw new RetriesExhaustedError(attempt, conflict);
      }
    }
  }
}

async function runOnce<T>(
  connection: Connection,
  begin: string,
  modes: Modes,
  callback: (client: TransactionClient) => Promise<T>,
): Promise<T> {
  const client = new TransactionClient(connection, modes);
  try {
    await client.query(begin);
    let result: T;
    try {
      result = await callback(client);
      client.checkTurn();
    } catch (error) {
      client.close();
      // If this fails too, the connection is closed instead of going back to the pool.
      await connection.query('rollback').catch(() => undefined);
      throw endedError(connection, error);
    }
    client.close();
    await commit(client);
    return result;
  } finally {
    connection.release();
  }
}

async function commit(client: TransactionClient): Promise<void> {
  const { connection } = client;
  // Waits for what the callback left running, so that a loss before COMMIT is not taken for one
  // during it.
  await connection.idle();
  // PostgreSQL answers a second COMMIT, or one after ROLLBACK, as if it had done something.
  if (connection.endedBy !== undefined) throw connection.endedBy;
  if (connection.lost !== undefined) throw connection.lost;
  const { command } = await connection.query('commit').catch((error: unknown) => {
    const isRefusal = connection.lost === undefined;
    throw isRefusal ? client.fail(error) : new CommitUnknownError(fromDriver(error));
  });
  // PostgreSQL answers COMMIT with ROLLBACK when a statement had failed.
  if (command !== 'COMMIT') throw new TransactionAbortedError(client.failure);
}

async function runSavepoint<T>(
  outer: TransactionClient,
  callback: (client: TransactionClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const asked = read(options).modes;
  // Known, or not needed, most often: then nothing is awaited before `nest`.
  const asksNothing = strength[asked.isolation] === 0 && options.accessMode === undefined;
  const around = outer.modes ?? (asksNothing ? undefined : await askModes(outer));
  const modes = around === undefined ? undefined : nestedModes(around, asked, options);
  const inner = outer.nest(modes);
  const { connection } = outer;
  const name = connection.nextSavepoint();
  // The server ends the read-only mode together with the savepoint.
  const mode = modes?.readOnly && !around?.readOnly ? '; set transaction read only' : '';
  try {
    await connection.query(`savepoint ${name}${mode}`).catch((error: unknown) => {
      throw outer.fail(error);
    });
    return await runInside(inner, outer, name, callback);
  } finally {
    inner.close();
  }
}

async function runInside<T>(
  inner: TransactionClient,
  outer: TransactionClient,
  name: string,
  callback: (client: TransactionClient) => Promise<T>,
): Promise<T> {
  const { connection } = inner;
  try {
    const result = await callback(inner);
    inner.checkTurn();
    inner.end();
    await connection.query(`release savepoint ${name}`).catch((error: unknown) => {
      throw inner.fail(error);
    });
    return result;
  } catch (error) {
    inner.end();
    // One that outlived the transaction around it has no savepoint left, and perhaps no connection.
    if (inner.isOpen) {
      const undo = `rollback to savepoint ${name}; release savepoint ${name}`;
      await connection.query(undo).catch((failure: unknown) => outer.fail(failure));
    }
    throw error;
  }
}

/** What the callback threw, or what it has done before: then perhaps something was kept. */
function endedError({ endedBy }: Connection, error: unknown): unknown {
  if (endedBy === undefined || error === endedBy) return error;
  return new TransactionEndedError(ENDED_BY_CALLBACK, { cause: error });
}

/** The conflict of the transaction on this connection that an error is or was caused by. */
function findConflict(error: unknown, connection: Connection): RetryableError | undefined {
  const { conflicts, endedBy } = connection;
  // What ran before a COMMIT of the callback's own would be done twice.
  if (endedBy !== undefined) return undefined;
  // Errors of others may name each other as their cause.
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    if (conflicts.has(at)) return at as RetryableError;
    seen.add(at);
  }
  return undefined;
}

/** Checks the options, which come from outside, because they become part of a statement's text. */
function read(options: TransactionOptions) {
  const {
    isolation = 'read committed',
    accessMode = 'read write',
    deferrable = false,
    maxAttempts = MAX_ATTEMPTS,
  } = options;
  if (!Object.hasOwn(strength, isolation)) {
    throw new InvalidInputError('isolation', `must be one of: ${Object.keys(strength).join(', ')}`);
  }
  if (accessMode !== 'read write' && accessMode !== 'read only') {
    throw new InvalidInputError('accessMode', 'must be one of: read write, read only');
  }
  if (typeof deferrable !== 'boolean') {
    throw new InvalidInputError('deferrable', 'must be a boolean');
  }
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new InvalidInputError('maxAttempts', 'must be a positive integer');
  }
  const wait = deferrable ? ', deferrable' : '';
  const begin = `begin isolation level ${isolation}, ${accessMode}${wait}`;
  const modes: Modes = { isolation, readOnly: accessMode === 'read only' };
  return { modes, begin, maxAttempts };
}

/** What a savepoint has of the transaction around it, and what it adds. */
function nestedModes(around: Modes, asked: Modes, options: TransactionOptions): Modes {
  if (strength[asked.isolation] > strength[around.isolation]) {
    throw new InvalidInputError(
      'isolation',
      `cannot be "${asked.isolation}" inside a "${around.isolation}" transaction: begin the ` +
        'outer one with it',
    );
  }
  if (around.readOnly && options.accessMode === 'read write') {
    throw new InvalidInputError(
      'accessMode',
      'cannot be "read write" inside a "read only" transaction: begin the outer one with it',
    );
  }
  return { isolation: around.isolation, readOnly: around.readOnly || asked.readOnly };
}

/** How somebody else began the transaction. */
async function askModes(outer: TransactionClient): Promise<Modes> {
  const { rows } = await outer.query(
    `select current_setting('transaction_isolation') as isolation,
       current_setting('transaction_read_only')::boolean as "readOnly"`,
  );
  const { isolation, readOnly } = only(rows);
  // PostgreSQL treats the two alike.
  return { isolation: isolation === 'read uncommitted' ? 'read committed' : isolation, readOnly };
}
