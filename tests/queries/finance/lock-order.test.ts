import { expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  exchange,
  openWallet,
  placeHold,
  postTransfers,
  RejectedError,
  transfer,
} from '../../../src/queries/finance/index.ts';
import type { Db } from '../../../src/session.ts';
import { transaction } from '../../../src/transaction.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder } from './bundle.ts';
import { createRandom } from './storm.ts';

const database = useTestDatabase({ max: 24 });
const currency = 'ZAR';

/** Runs once: a deadlock is an error here, and not a reason to try again. */
async function runOnce(run: (tx: Db) => Promise<unknown>): Promise<string> {
  try {
    await transaction(database.db, run, { maxAttempts: 1 });
    return 'done';
  } catch (error) {
    return error instanceof RejectedError ? 'refused' : String(error);
  }
}

test('opposite transfers, overlapping batches, exchanges and captures never deadlock', async () => {
  const { db } = database;
  const users = await Promise.all(Array.from({ length: 8 }, () => createHolder(db, 100_000n)));
  await Promise.all(users.map((userId) => openWallet(db, { userId, currency: 'USD' })));
  for (const code of ['ZAR', 'USD']) {
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: code },
      to: { system: 'LIQUIDITY', currency: code },
      amount: 1_000_000n,
      idempotencyKey: `fund ${code}`,
    });
  }
  let serial = 0;
  const session = async (seed: number) => {
    const random = createRandom(seed);
    const move = () => {
      const from = random(8);
      const to = (from + 1 + random(7)) % 8;
      serial += 1;
      return {
        from: { userId: users[from] ?? '', currency },
        to: { userId: users[to] ?? '', currency },
        amount: 1n,
        idempotencyKey: `${serial}`,
      };
    };
    const outcomes: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      const { from, to, idempotencyKey } = move();
      const userId = from.userId;
      const outcome = await runOnce(async (tx) => {
        switch (random(4)) {
          case 0:
            return postTransfers(tx, { transfers: Array.from({ length: 20 }, move) });
          case 1: {
            const [give, get] = random(2) === 0 ? ['ZAR', 'USD'] : ['USD', 'ZAR'];
            const rate = { numerator: 1n, denominator: 1n };
            return exchange(tx, { userId, from: give, to: get, amount: 1n, rate, idempotencyKey });
          }
          case 2: {
            const expiresAt = new Date('2999-01-01');
            const { id: holdId } = await placeHold(db, {
              userId,
              currency,
              amount: 1n,
              expiresAt,
              idempotencyKey: `hold ${idempotencyKey}`,
            });
            return captureHold(tx, { userId, holdId, to: { userId: to.userId }, idempotencyKey });
          }
          default:
            return transfer(tx, { from, to, amount: 1n, idempotencyKey });
        }
      });
      outcomes.push(outcome);
    }
    return outcomes;
  };
  const outcomes = (await Promise.all(Array.from({ length: 10 }, (_, i) => session(i + 1)))).flat();
  expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'refused')).toEqual([]);
  expect(outcomes.filter((outcome) => outcome === 'done').length).toBeGreaterThan(400);
  expect(await auditLedger(db)).toEqual([]);
});
