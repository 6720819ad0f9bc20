import { hash } from 'node:crypto';
import { jsonObject } from '../../../input/json.ts';
import { instant, text } from '../../../input/validate.ts';

/** Keys that the library makes itself, for the postings of payments and rewards, begin so. */
const RESERVED_KEY_PREFIX = 'azora:';

const idempotencyKey = text({ max: 200 }).refine((key) => !key.startsWith(RESERVED_KEY_PREFIX), {
  error: `must not begin with ${RESERVED_KEY_PREFIX}`,
});

// An empty object is stored as none is, and so is the same request.
const metadata = jsonObject.transform((given) =>
  Object.keys(given).length === 0 ? undefined : given,
);

/** What every request to move money may say beside the amount. */
export const details = {
  idempotencyKey,
  description: text({ max: 500 }).optional(),
  metadata: metadata.optional(),
  occurredAt: instant.optional(),
};

/**
 * The SHA-256 of a request, which tells a repeated request from another one under the same key. Keys of objects
 * are sorted, so that the order in which a caller builds an object does not matter.
 */
export function hashRequest(operation: string, request: object): Buffer {
  return hash('sha256', `${operation}:${JSON.stringify(request, canonical)}`, 'buffer');
}

/** The key of a posting that can happen once for the row with this id. */
export function reservedKey(purpose: string, id: string): string {
  return `${RESERVED_KEY_PREFIX}${purpose}:${id}`;
}

function canonical(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.length < 2) return value;
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
