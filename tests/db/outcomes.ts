import type { Db } from '../../src/db/session.ts';
import { AzoraDbError, InvalidInputError } from '../../src/errors.ts';

const undo = new Error('undo');

/** What a function answers in a transaction of which nothing is kept. */
export async function undone(
  begin: (callback: (tx: Db) => Promise<void>) => Promise<unknown>,
  call: (db: Db) => Promise<unknown>,
): Promise<unknown> {
  let answer: unknown;
  await begin(async (tx) => {
    answer = await call(tx);
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return answer;
}

/** The outcome, with what differs between two runs of the same call written alike. */
export async function outcomeOf(run: () => unknown): Promise<{ value?: unknown; alike: unknown }> {
  try {
    const value = await run();
    return { value, alike: alike(value) };
  } catch (error) {
    if (!(error instanceof AzoraDbError)) throw error;
    const { name, message, ...rest } = error;
    return { alike: { name, message: alike(message), ...(alike(rest) as object) } };
  }
}

const ID_OF_RUN = /(?!0190|0000)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function alike(value: unknown, key = ''): unknown {
  if (value instanceof Date) {
    return Math.abs(Date.now() - value.getTime()) < 600_000 ? 'just now' : value;
  }
  // It holds the time as the session prints it.
  if (key === 'nextCursor') return value === null ? null : 'a cursor';
  if (typeof value === 'string') {
    return /^[0-9a-f]{64}$/.test(value) ? 'a hash' : value.replace(ID_OF_RUN, 'an id');
  }
  if (Array.isArray(value)) return value.map((item) => alike(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, alike(item, name)]));
}

/** Whether the function is one that refuses a transaction, or one without a snapshot. */
export function isForDatabase(outcome: unknown): boolean {
  const { name, field = '' } = (outcome ?? {}) as { name?: string; field?: string };
  return name === InvalidInputError.name && ['db', 'isolation'].includes(field);
}
