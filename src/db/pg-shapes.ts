import type { Pool, PoolClient } from 'pg';

// Told by shape and not by class, because a service may have a copy of pg of its own.

export function isPool(value: unknown): value is Pool {
  return has(value, 'connect') && typeof value.totalCount === 'number';
}

/**
 * A connection that can say whether a transaction is open, which those of older releases of pg
 * cannot.
 */
export function isClient(value: unknown): value is PoolClient {
  return has(value, 'query') && has(value, 'getTransactionStatus');
}

function has(value: unknown, method: string): value is Record<string, unknown> {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function';
}
