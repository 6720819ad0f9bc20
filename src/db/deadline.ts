import type { PoolClient, QueryConfig } from 'pg';

/** How much longer than a statement may run its answer may take. */
const SLACK_MS = 5_000;
const LAST_LOOK_MS = 1_000;
const LONGEST_MS = 2 ** 31 - 1;

/**
 * How long to wait for an answer when the server ends a statement after `limitMs`; 0, which is no
 * limit, has none.
 */
export function deadlineOf(limitMs: number): number | undefined {
  return limitMs === 0 ? undefined : Math.min(limitMs + SLACK_MS, LONGEST_MS);
}

/**
 * Closes the connection if its server has not answered by the deadline, as when the network is
 * frozen and nobody says so. What runs on it is then rejected as on any lost connection. Returns
 * how to call that off.
 */
export function startDeadline(client: PoolClient, deadlineMs: number | undefined): () => void {
  if (deadlineMs === undefined) return () => undefined;
  const hangUp = () => {
    socketOf(client).destroy(new Error(`no answer within ${deadlineMs} ms`));
  };
  // In two steps: a process that was itself held up finds its timers due before it reads what
  // arrived meanwhile.
  let timer = setTimeout(() => {
    timer = setTimeout(hangUp, LAST_LOOK_MS);
  }, deadlineMs - LAST_LOOK_MS);
  return () => clearTimeout(timer);
}

/** Whether a statement says itself how long statements may run from there on. */
export function setsTimeout({ text, values = [] }: QueryConfig): boolean {
  return [text, ...values].some(
    (part) => typeof part === 'string' && /statement_timeout/i.test(part),
  );
}

/** Whether the text may be several statements, each of which the server gives its full time. */
export function mayBeSeveral({ text, values = [] }: QueryConfig): boolean {
  return values.length === 0 && /;\s*\S/.test(text);
}

/** Not in the types of pg. */
function socketOf(client: PoolClient): { destroy(reason: Error): void } {
  return (client as unknown as { connection: { stream: { destroy(reason: Error): void } } })
    .connection.stream;
}
