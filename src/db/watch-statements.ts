import type { QueryConfig, QueryResult } from 'pg';
import { labelOf } from './statement-names.ts';

/** A statement that has ended, for metrics and traces. It holds none of the bound values. */
export interface StatementEvent {
  /**
   * What the statement is called: of a query function the name in the query catalogue, else that of
   * Drizzle's `prepare(name)`, else undefined.
   */
  readonly name: string | undefined;
  /** The SQL as it was sent, with `$1` for a parameter. */
  readonly text: string;
  /** When it was asked for, in milliseconds of `Date.now()`. */
  readonly startedAt: number;
  /** From then to the answer, in milliseconds with fractions. */
  readonly durationMs: number;
  /**
   * How much of that it waited: for a connection of the pool, or in a transaction for the
   * statements before it.
   */
  readonly waitedMs: number;
  /** How many rows it returned or changed; null where the server says no number, as for `begin`. */
  readonly rows: number | null;
  /** What it was rejected with: an error of this library, or undefined. */
  readonly error: Error | undefined;
}

/** Told of every statement when it has ended: see `onStatement` of `connect`. */
export type OnStatement = (event: StatementEvent) => void;

/** A statement under way. */
export interface Watch {
  /** It has its connection, and is sent. */
  sent(): void;
}

/**
 * Runs a statement, and tells `onStatement` of it when it has ended. What `onStatement` throws
 * becomes a warning of the process: the statement has run.
 */
export function watched(
  onStatement: OnStatement,
  config: QueryConfig,
  run: (watch: Watch) => Promise<QueryResult>,
): Promise<QueryResult> {
  const startedAt = Date.now();
  const start = performance.now();
  let sentAt: number | undefined;
  const tell = (result: QueryResult | undefined, error: Error | undefined) => {
    const end = performance.now();
    const event: StatementEvent = {
      name: labelOf(config.name),
      text: config.text,
      startedAt,
      durationMs: end - start,
      waitedMs: (sentAt ?? end) - start,
      rows: result?.rowCount ?? null,
      error,
    };
    try {
      onStatement(event);
    } catch (thrown) {
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
    }
  };
  const watch = {
    sent: () => {
      sentAt ??= performance.now();
    },
  };
  return run(watch).then(
    (result) => {
      tell(result, undefined);
      return result;
    },
    (error: Error) => {
      tell(undefined, error);
      throw error;
    },
  );
}
