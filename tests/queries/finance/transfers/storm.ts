import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Database } from '../../../../src/db/connect.ts';
import type { Db } from '../../../../src/db/session.ts';
import { AzoraDbError, RetriesExhaustedError, RetryableError } from '../../../../src/errors.ts';
import { auditLedger, openWallet, transfer } from '../../../../src/queries/finance/index.ts';
import { createHolder, SOUND } from '../bundle.ts';
import type { Request } from './storm-requests.ts';

/** Users with some money, and wallets in two currencies that can be exchanged. */
export async function createStormUsers(db: Db, count: number): Promise<string[]> {
  const users = await Promise.all(Array.from({ length: count }, () => createHolder(db, 300n)));
  for (const userId of users) await openWallet(db, { userId, currency: 'USD' });
  for (const currency of ['ZAR', 'USD']) {
    await transfer(db, {
      from: { system: 'EXTERNAL', currency },
      to: { system: 'LIQUIDITY', currency },
      amount: 10_000n,
      idempotencyKey: `fund ${currency}`,
    });
  }
  return users;
}

const WEATHER = new Set([
  'CONNECTION_LOST',
  'COMMIT_UNKNOWN',
  'STATEMENT_CANCELED',
  'LOCK_TIMEOUT',
  'TOO_MANY_CONNECTIONS',
  'SERVER_DOWN',
  'STARTUP_REFUSED',
  'POOL_EXHAUSTED',
  'POOL_CLOSED',
]);

/**
 * Whether an error is no fault of ours: a lost connection, a timeout, or a conflict that was lost several times. A
 * deadlock is a fault, because wallets are locked in one order.
 */
export function isWeather(error: unknown): boolean {
  if (error instanceof RetriesExhaustedError) return isWeather(error.cause);
  if (error instanceof RetryableError) return error.code !== 'DEADLOCK';
  return error instanceof AzoraDbError && WEATHER.has(error.code);
}

/**
 * Sends every request, `callers` at a time, again and again until it is answered.
 *
 * @returns the answers, and how often a request had to be sent again
 */
export async function sendAll(
  getDb: () => Db,
  requests: readonly Request[],
  callers: number,
): Promise<{ answers: Map<Request, string>; retries: number }> {
  const queue = [...requests];
  const answers = new Map<Request, string>();
  let retries = 0;
  const work = async () => {
    for (let request = queue.pop(); request !== undefined; request = queue.pop()) {
      for (let attempt = 1; !answers.has(request); attempt += 1) {
        try {
          answers.set(request, await request.send(getDb()));
        } catch (error) {
          if (!isWeather(error) || attempt > 500) throw error;
          retries += 1;
          await sleep(Math.min(attempt, 20) * 5);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
  return { answers, retries };
}

/** The books are sound, and every key, proof and payment of the requests was posted exactly once. */
export async function expectPostedOnce(db: Database, requests: readonly Request[]): Promise<void> {
  expect(await auditLedger(db)).toEqual(SOUND);
  const { rows } = await db.$client.query(
    `select key, count(transactions.id)::integer as count
     from unnest($1::text[]) as key
     left join finance.transactions on idempotency_key = key
     group by key`,
    [requests.flatMap((request) => request.keys)],
  );
  // A request whose first step was refused never sends its second.
  const sent = rows.filter(({ key, count }) => !(key.endsWith(' end') && count === 0));
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter(({ count }) => count !== 1)).toEqual([]);

  const countOf = (...kinds: string[]) =>
    requests.filter(({ kind }) => kinds.includes(kind)).length;
  const { rows: postings } = await db.$client.query(
    `select type, count(*)::integer as count
     from finance.transactions
     where type in ('MINING_REWARD', 'PAYMENT', 'REFUND')
       and status = 'COMPLETED'
     group by type
     order by type::text`,
  );
  expect(postings).toEqual([
    { type: 'MINING_REWARD', count: countOf('mine') },
    { type: 'PAYMENT', count: countOf('pay', 'refund') },
    { type: 'REFUND', count: countOf('refund') },
  ]);
}
