import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  captureHold,
  closeWallet,
  createTransferCombiner,
  deposit,
  exchange,
  expireHolds,
  placeHold,
  postTransfers,
  releaseHold,
  reverseTransaction,
  transfer,
  withdraw,
} from '../../../../src/queries/finance/index.ts';
import { caseSteps } from './case-steps.ts';
import {
  compareBatch,
  keyOf,
  move,
  paramsOf,
  print,
  requestAs,
  requestOf,
} from './ledger-batch.ts';
import type { Kind, Operation, OperationOf } from './ledger-operations.ts';
import type { Pair, Steps } from './ledger-pair.ts';

/** Does one operation on both sides, and compares what they answer. */
export async function step(pair: Pair, op: Operation): Promise<void> {
  const run = steps[op.kind] as (pair: Pair, op: Operation) => Promise<void>;
  await run(pair, op);
}

const steps: Steps<Kind> = {
  ...caseSteps,
  deposit: external,
  withdraw: external,
  async transfer(pair, { one }) {
    if (one.from === one.to) return;
    const expected = pair.ledger.once(keyOf(pair, one), requestOf(one), () => move(pair, one));
    await pair.compare('transfer', expected, () => transfer(pair.db, paramsOf(pair, one)));
  },
  async batch(pair, { transfers, atomic }) {
    await compareBatch(pair, 'batch', transfers, atomic, async (params) => {
      const results = await postTransfers(pair.db, { transfers: params, atomic });
      return results.map((one) => (one.status === 'completed' ? one.transaction : one.error));
    });
  },
  async combine(pair, { transfers }) {
    await compareBatch(pair, 'combine', transfers, false, async (params) => {
      const combiner = createTransferCombiner(pair.db, { maxBatch: 3 });
      const results = await Promise.allSettled(params.map((each) => combiner.transfer(each)));
      await combiner.close();
      return results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));
    });
  },
  async exchange(pair, { kind, user, currency: from, amount, key, rate, day }) {
    const userId = pair.userOf(user);
    const to = from === 'ZAR' ? 'USD' : 'ZAR';
    const received = (amount * rate.numerator) / rate.denominator;
    if (received === 0n || received >= 2n ** 63n) return;
    const request = print([kind, from, amount, rate.numerator, rate.denominator, day]);
    const expected = pair.ledger.once(`${userId} ${key}`, request, () => {
      const legs = [
        { wallet: `${userId}/${from}`, amount: -amount },
        { wallet: `LIQUIDITY/${to}`, amount: -received },
        { wallet: `LIQUIDITY/${from}`, amount },
        { wallet: `${userId}/${to}`, amount: received },
      ];
      return pair.ledger.post(legs, amount, day);
    });
    const params = { userId, from, to, amount, rate, ...requestAs(key, day) };
    await pair.compare(kind, expected, () => exchange(pair.db, params));
  },
  async hold(pair, { kind, user, currency, amount, key }) {
    const userId = pair.userOf(user);
    const { expiresAt } = pair;
    const request = print([kind, currency, amount]);
    const expected = pair.ledger.once(`${userId} ${key}`, request, () => {
      const placed = pair.ledger.hold(`${userId}/${currency}`, amount);
      if (placed.code === 'ok') pair.holds.push(placed.id);
      return placed;
    });
    const params = { userId, currency, amount, expiresAt, ...requestAs(key) };
    await pair.compare(kind, expected, () => placeHold(pair.db, params));
  },
  async capture(pair, { kind, pick, to, amount, key, day }) {
    const hold = pickHold(pair, pick);
    const payee = pair.userOf(to);
    if (hold === undefined || payee === hold.userId) return;
    const request = print([kind, hold.number, to, amount, day]);
    const expected = pair.ledger.once(`${hold.userId} ${key}`, request, () =>
      pair.ledger.resolve(hold.number, `${payee}/${hold.currency}`, amount, day),
    );
    const { userId, id: holdId } = hold;
    const params = { userId, holdId, to: { userId: payee }, amount, ...requestAs(key, day) };
    await pair.compare(kind, expected, () => captureHold(pair.db, params));
  },
  async release(pair, { kind, pick, key }) {
    const hold = pickHold(pair, pick);
    if (hold === undefined) return;
    const { userId, id: holdId, number } = hold;
    const expected = pair.ledger.once(`${userId} ${key}`, print([kind, number]), () =>
      pair.ledger.resolve(number),
    );
    await pair.compare(kind, expected, () =>
      releaseHold(pair.db, { userId, holdId, ...requestAs(key) }),
    );
  },
  async comeDue(pair, { pick }) {
    const hold = pickHold(pair, pick);
    if (hold === undefined) return;
    pair.ledger.expire(hold.number);
    await moveBack(pair, hold);
  },
  async sweep(pair) {
    await expireHolds(pair.db);
    expect(await expireHolds(pair.db)).toBe(0);
  },
  async reverse(pair, { kind, pick, amount, key, day }) {
    const count = pair.ledger.transactions.length;
    // Counted from the newest.
    const number = count - 1 - (pick % Math.max(1, count));
    const original = pair.ids.get(number);
    if (original === undefined) return;
    const { userId, id: transactionId } = original;
    const request = print([kind, number, amount, day]);
    const expected = pair.ledger.once(`${userId} ${key}`, request, () =>
      pair.ledger.reverse(number, amount, day),
    );
    const params = { userId, transactionId, amount, ...requestAs(key, day) };
    await pair.compare(kind, expected, () => reverseTransaction(pair.db, params));
  },
  async close(pair, { kind, user, currency }) {
    const userId = pair.userOf(user);
    const { code } = pair.ledger.close(`${userId}/${currency}`);
    pair.seen.add(`${kind} ${code}`);
    const actual = await closeWallet(pair.db, { userId, currency }).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
    expect([kind, actual]).toEqual([kind, code]);
  },
  async look(pair, { user, currency }) {
    const wallet = `${pair.userOf(user)}/${currency}`;
    const posted = pair.ledger.wallets.get(wallet)?.posted;
    if (posted === undefined) return;
    // Postings have microseconds and a Date has not: it lies between what was and what comes.
    await sleep(2);
    const { rows } = await pair.db.$client.query('select clock_timestamp() as at');
    await sleep(2);
    pair.looks.push({ wallet, at: rows[0].at, posted });
  },
};

async function external(pair: Pair, op: OperationOf<'deposit' | 'withdraw'>): Promise<void> {
  const { kind, user, currency, amount, key, day } = op;
  const userId = pair.userOf(user);
  const [world, own] = [`EXTERNAL/${currency}`, `${userId}/${currency}`];
  const [from, to] = kind === 'deposit' ? [world, own] : [own, world];
  const request = print([kind, currency, amount, day]);
  const expected = pair.ledger.once(`${userId} ${key}`, request, () =>
    pair.ledger.transfer(from, to, amount, day),
  );
  const params = { userId, currency, amount, ...requestAs(key, day) };
  await pair.compare(kind, expected, () =>
    kind === 'deposit' ? deposit(pair.db, params) : withdraw(pair.db, params),
  );
}

function pickHold(pair: Pair, pick: number) {
  const number = pair.holds[pick % Math.max(1, pair.holds.length)];
  const key = number === undefined ? undefined : pair.ids.get(number);
  if (number === undefined || key === undefined) return undefined;
  const currency = pair.ledger.holds.get(number)?.wallet.split('/')[1] ?? '';
  return { ...key, number, currency };
}

/** Lets a hold's time come, by moving it into the past behind the ledger's back. */
async function moveBack(
  { db }: Pair,
  hold: { userId: string; id: string; currency: string },
): Promise<void> {
  const client = await db.$client.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(
      `update finance.holds
       set created_at = created_at - interval '2 days', expires_at = expires_at - interval '2 days'
       where user_id = $1
         and id = $2
         and status = 'PENDING'`,
      [hold.userId, hold.id],
    );
    await client.query(
      `update finance.wallets
       set hold_expires_at = (
         select min(expires_at)
         from finance.holds
         where holds.user_id = wallets.user_id
           and holds.currency = wallets.currency
           and status = 'PENDING'
       )
       where user_id = $1
         and currency = $2`,
      [hold.userId, hold.currency],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
}
