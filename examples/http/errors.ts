import { toDbError, toJson } from '@azora/db';

/** What each code means to a client of HTTP. Any other is a mistake of the service: 500. */
export const statusOfCode: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  WRONG_STATE: 409,
  COURSE_NOT_OPEN: 409,
  JOB_NOT_OPEN: 409,
  WALLET_NOT_EMPTY: 409,
  WALLET_NOT_FOUND: 409,
  WALLET_CLOSED: 409,
  INSUFFICIENT_FUNDS: 409,
  BALANCE_LIMIT: 409,
  HOLD_RESOLVED: 409,
  HOLD_EXPIRED: 409,
  HOLD_EXCEEDED: 409,
  NOT_REVERSIBLE: 409,
  ALREADY_REVERSED: 409,
  REVERSAL_EXCEEDED: 409,
  BATCH_REJECTED: 409,
  REFERENCE_TAKEN: 409,
  IDEMPOTENCY_CONFLICT: 422,
  UNKNOWN_CURRENCY: 422,
  // Nothing is wrong with the request: the client sends it again, under the same key.
  SERIALIZATION_FAILURE: 503,
  DEADLOCK: 503,
  STALE_PLAN: 503,
  RETRIES_EXHAUSTED: 503,
  LOCK_TIMEOUT: 503,
  STATEMENT_CANCELED: 503,
  CONNECTION_LOST: 503,
  COMMIT_UNKNOWN: 503,
  COMBINER_CLOSED: 503,
  POOL_EXHAUSTED: 503,
  POOL_CLOSED: 503,
  SERVER_DOWN: 503,
  TOO_MANY_CONNECTIONS: 503,
};

/** The response to an error: what a client can act on, and of other errors nothing but the status. */
export function toHttp(error: Error) {
  const { name, ...known } = toJson(toDbError(error));
  const status = statusOfCode[known.code] ?? 500;
  if (status < 500) return { status, body: { error: known } };
  return status === 503
    ? { status, body: { error: { code: known.code, message: 'try again, with the same key' } } }
    : { status, body: { error: { code: 'INTERNAL', message: 'something went wrong here' } } };
}
