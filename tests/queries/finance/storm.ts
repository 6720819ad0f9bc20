import { setTimeout as sleep } from 'node:timers/promises';
import { AzoraDbError } from '../../../src/errors.ts';
import {
  captureHold,
  deposit,
  IdempotencyConflictError,
  placeHold,
  postTransfers,
  RejectedError,
  releaseHold,
  transfer,
  withdraw,
} from '../../../src/queries/finance/index.ts';
import type { Db } from '../../../src/session.ts';

/** One request of a storm, which can be sent any number of times and is answered the same. */
export interface Request {
  readonly keys: readonly string[];
  send(db: Db): Promise<string>;
}

/** Repeatable randomness. */
export function createRandom(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const currency = 'ZAR';
const expiresAt = new Date('2999-01-01');

/** Random requests over few wallets. */
export function createRequests(users: readonly string[], count: number, seed: number): Request[] {
  const random = createRandom(seed);
  const pick = () => users[random(users.length)] ?? '';
  return Array.from({ length: count }, (_, i): Request => {
    const idempotencyKey = `storm ${seed} ${i}`;
    const amount = BigInt(1 + random(40));
    const [from, to] = [pick(), pick()];
    const move = (key: string) => {
      const [a, b] = [pick(), pick()];
      const other = a === b ? (users.find((id) => id !== a) ?? '') : b;
      return {
        from: { userId: a, currency },
        to: { userId: other, currency },
        amount,
        idempotencyKey: key,
      };
    };
    switch (random(6)) {
      case 0:
        return one(idempotencyKey, (db) =>
          deposit(db, { userId: to, currency, amount, idempotencyKey }),
        );
      case 1:
        return one(idempotencyKey, (db) =>
          withdraw(db, { userId: from, currency, amount, idempotencyKey }),
        );
      case 2: {
        const transfers = Array.from({ length: 2 + random(8) }, (__, j) =>
          move(`${idempotencyKey}.${j}`),
        );
        const atomic = random(2) === 0;
        return {
          keys: transfers.map((each) => each.idempotencyKey),
          send: async (db) => {
            const results = await postTransfers(db, { transfers, atomic });
            return results
              .map((each) => (each.status === 'completed' ? each.transaction.id : each.error.code))
              .join();
          },
        };
      }
      case 3:
        return holdAndResolve(idempotencyKey, from, to, amount, random(3));
      default: {
        const request = move(idempotencyKey);
        return one(idempotencyKey, (db) => transfer(db, request));
      }
    }
  });
}

function one(key: string, run: (db: Db) => Promise<{ id: string }>): Request {
  return { keys: [key], send: async (db) => answerOf(run(db)) };
}

function holdAndResolve(
  key: string,
  userId: string,
  to: string,
  amount: bigint,
  end: number,
): Request {
  const keys = end === 0 ? [key] : [key, `${key} end`];
  const idempotencyKey = `${key} end`;
  const send = async (db: Db) => {
    const placed = await answerOf(
      placeHold(db, { userId, currency, amount, expiresAt, idempotencyKey: key }),
    );
    if (end === 0 || placed === 'INSUFFICIENT_FUNDS') return placed;
    const base = { userId, holdId: placed, idempotencyKey };
    const resolved =
      end === 1 || userId === to
        ? releaseHold(db, base)
        : captureHold(db, { ...base, to: { userId: to }, amount: 1n });
    return `${placed},${await answerOf(resolved)}`;
  };
  return { keys, send };
}

/** The transaction's id, or the code of the refusal: what must be the same however often one asks. */
async function answerOf(running: Promise<{ id: string }>): Promise<string> {
  try {
    return (await running).id;
  } catch (error) {
    if (error instanceof RejectedError || error instanceof IdempotencyConflictError)
      return error.code;
    throw error;
  }
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
          // Anything else is a fault of ours; a lost connection or a timeout is the weather.
          const isWeather =
            error instanceof AzoraDbError &&
            [
              'CONNECTION_LOST',
              'STATEMENT_CANCELED',
              'LOCK_TIMEOUT',
              'TOO_MANY_CONNECTIONS',
              'SERVER_DOWN',
              'STARTUP_REFUSED',
              'POOL_EXHAUSTED',
              'POOL_CLOSED',
            ].includes(error.code);
          if (!isWeather || attempt > 500) throw error;
          retries += 1;
          await sleep(Math.min(attempt, 20) * 5);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
  return { answers, retries };
}

/** How many transactions there are under each key of the storm. */
export async function countByKey(
  db: { $client: import('pg').Pool },
  requests: readonly Request[],
): Promise<Map<string, number>> {
  const keys = requests.flatMap((request) => request.keys);
  const { rows } = await db.$client.query(
    `select key, count(transactions.id)::integer as count
     from unnest($1::text[]) as key
     left join finance.transactions on idempotency_key = key
     group by key`,
    [keys],
  );
  return new Map(rows.map((row: { key: string; count: number }) => [row.key, row.count]));
}
