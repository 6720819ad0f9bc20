import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  exchange,
  getWallet,
  openWallet,
  placeHold,
  postTransfers,
  releaseHold,
  reverseTransaction,
  transfer,
  type WalletRef,
  withdraw,
} from '../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createUser } from './bundle.ts';
import { LedgerModel, type Outcome } from './ledger-model.ts';

const database = useTestDatabase();

const amount = fc.oneof(
  fc.bigInt({ min: 1n, max: 60n }),
  fc.constantFrom(1n, 1_000n, 2n ** 62n, 2n ** 63n - 1n),
);
const user = fc.nat({ max: 2 });
const currency = fc.constantFrom('ZAR', 'USD');
const key = fc.nat({ max: 25 });
const one = fc.record({ from: user, to: user, currency, amount, key });

const operation = fc.oneof(
  fc.record({ kind: fc.constant('deposit' as const), user, currency, amount, key }),
  fc.record({ kind: fc.constant('withdraw' as const), user, currency, amount, key }),
  fc.record({
    kind: fc.constant('transfer' as const),
    ...{ from: user, to: user },
    currency,
    amount,
    key,
  }),
  fc.record({
    kind: fc.constant('batch' as const),
    transfers: fc.array(one, { minLength: 1, maxLength: 8 }),
    atomic: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('exchange' as const),
    user,
    currency,
    amount,
    key,
    rate: fc.record({
      numerator: fc.bigInt({ min: 1n, max: 9n }),
      denominator: fc.bigInt({ min: 1n, max: 9n }),
    }),
  }),
  fc.record({ kind: fc.constant('hold' as const), user, currency, amount, key }),
  fc.record({
    kind: fc.constant('capture' as const),
    pick: fc.nat(),
    to: user,
    amount: fc.option(amount, { nil: undefined }),
    key,
  }),
  fc.record({ kind: fc.constant('release' as const), pick: fc.nat(), key }),
  fc.record({
    kind: fc.constant('reverse' as const),
    pick: fc.nat(),
    amount: fc.option(amount, { nil: undefined }),
    key,
  }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** The ledger and its model, side by side. */
class Pair {
  readonly model = new LedgerModel();
  readonly users: string[];
  /** By the model's number: which transaction of the ledger that is. */
  readonly ids = new Map<number, { userId: string; id: string }>();
  readonly holds: number[] = [];
  readonly expiresAt = new Date('2999-01-01');

  constructor(users: string[]) {
    this.users = users;
  }

  userOf(index: number): string {
    return this.users[index] ?? '';
  }

  async compare(
    expected: Outcome,
    run: () => Promise<{ userId: string; id: string }>,
  ): Promise<void> {
    const actual = await run().catch((error: { code: string }) => ({ code: error.code }));
    if ('code' in actual) expect(actual.code).toBe(expected.code);
    else expect('ok').toBe(expected.code);
    if ('id' in actual) {
      const known = this.ids.get(expected.id);
      if (known !== undefined) expect(actual.id).toBe(known.id);
      this.ids.set(expected.id, { userId: actual.userId, id: actual.id });
    }
  }
}

const external = (code: string) => `EXTERNAL/${code}`;

async function step(pair: Pair, op: Operation): Promise<void> {
  const { db } = database;
  const { model } = pair;
  const request = JSON.stringify(op, (_k, v) => (typeof v === 'bigint' ? `${v}` : v));
  if (op.kind === 'batch') return batch(pair, op);
  const idempotencyKey = `k${op.key}`;
  if (op.kind === 'deposit' || op.kind === 'withdraw') {
    const userId = pair.userOf(op.user);
    const [from, to] = [external(op.currency), `${userId}/${op.currency}`];
    const expected = model.once(`${userId} ${op.key}`, request, () =>
      op.kind === 'deposit'
        ? model.transfer(from, to, op.amount)
        : model.transfer(to, from, op.amount),
    );
    const params = { userId, currency: op.currency, amount: op.amount, idempotencyKey };
    await pair.compare(expected, () =>
      op.kind === 'deposit' ? deposit(db, params) : withdraw(db, params),
    );
  } else if (op.kind === 'transfer') {
    if (op.from === op.to) return;
    const expected = model.once(`${pair.userOf(op.from)} ${op.key}`, requestOf(op), () =>
      model.transfer(walletOf(pair, op.from, op), walletOf(pair, op.to, op), op.amount),
    );
    await pair.compare(expected, () => transfer(db, paramsOf(pair, op)));
  } else if (op.kind === 'exchange') {
    const userId = pair.userOf(op.user);
    const to = op.currency === 'ZAR' ? 'USD' : 'ZAR';
    const received = (op.amount * op.rate.numerator) / op.rate.denominator;
    if (received === 0n || received >= 2n ** 63n) return;
    const expected = model.once(`${userId} ${op.key}`, request, () =>
      model.post(
        [
          { wallet: `${userId}/${op.currency}`, amount: -op.amount },
          { wallet: `LIQUIDITY/${to}`, amount: -received },
          { wallet: `LIQUIDITY/${op.currency}`, amount: op.amount },
          { wallet: `${userId}/${to}`, amount: received },
        ],
        op.amount,
      ),
    );
    const params = { userId, from: op.currency, to, amount: op.amount, rate: op.rate };
    await pair.compare(expected, () => exchange(db, { ...params, idempotencyKey }));
  } else if (op.kind === 'hold') {
    const userId = pair.userOf(op.user);
    const { expiresAt } = pair;
    const expected = model.once(`${userId} ${op.key}`, request, () => {
      const placed = model.hold(`${userId}/${op.currency}`, op.amount);
      if (placed.code === 'ok') pair.holds.push(placed.id);
      return placed;
    });
    const params = { userId, currency: op.currency, amount: op.amount, idempotencyKey, expiresAt };
    await pair.compare(expected, () => placeHold(db, params));
  } else if (op.kind === 'capture' || op.kind === 'release') {
    await resolve(pair, op);
  } else {
    const id = op.pick % Math.max(1, model.transactions.length);
    const original = pair.ids.get(id);
    if (original === undefined) return;
    const named = JSON.stringify(['reverse', id, `${op.amount}`]);
    const expected = model.once(`${original.userId} ${op.key}`, named, () =>
      model.reverse(id, op.amount),
    );
    const params = { userId: original.userId, transactionId: original.id, idempotencyKey };
    const part = op.amount === undefined ? {} : { amount: op.amount };
    await pair.compare(expected, () => reverseTransaction(db, { ...params, ...part }));
  }
}

async function resolve(
  pair: Pair,
  op: Extract<Operation, { kind: 'capture' | 'release' }>,
): Promise<void> {
  const { model } = pair;
  const id = pair.holds[op.pick % Math.max(1, pair.holds.length)];
  const held = id === undefined ? undefined : pair.ids.get(id);
  if (id === undefined || held === undefined) return;
  const base = { userId: held.userId, holdId: held.id, idempotencyKey: `k${op.key}` };
  const keyed = `${held.userId} ${op.key}`;
  if (op.kind === 'release') {
    const named = JSON.stringify(['release', id]);
    const expected = model.once(keyed, named, () => model.resolve(id));
    await pair.compare(expected, () => releaseHold(database.db, base));
    return;
  }
  const userId = pair.userOf(op.to);
  if (userId === held.userId) return;
  const code = model.holds.get(id)?.wallet.split('/')[1] ?? '';
  const named = JSON.stringify(['capture', id, op.to, `${op.amount}`]);
  const expected = model.once(keyed, named, () =>
    model.resolve(id, `${userId}/${code}`, op.amount),
  );
  const part = op.amount === undefined ? {} : { amount: op.amount };
  await pair.compare(expected, () =>
    captureHold(database.db, { ...base, to: { userId }, ...part }),
  );
}

type One = { from: number; to: number; currency: string; amount: bigint; key: number };
const requestOf = (op: One) => JSON.stringify([op.from, op.to, op.currency, `${op.amount}`]);
const walletOf = (pair: Pair, index: number, op: One) => `${pair.userOf(index)}/${op.currency}`;

function paramsOf(pair: Pair, op: One) {
  const ref = (index: number): WalletRef => ({ userId: pair.userOf(index), currency: op.currency });
  return { from: ref(op.from), to: ref(op.to), amount: op.amount, idempotencyKey: `k${op.key}` };
}

async function batch(pair: Pair, op: { transfers: One[]; atomic: boolean }): Promise<void> {
  const { model } = pair;
  const transfers = op.transfers.filter((one) => one.from !== one.to);
  if (transfers.length === 0) return;
  const before = new Map(model.posted);
  const count = model.transactions.length;
  const isNew = transfers.map((one, i) => {
    const keyed = `${pair.userOf(one.from)} ${one.key}`;
    const repeats = transfers.slice(0, i).some((x) => x.from === one.from && x.key === one.key);
    return !model.knows(keyed) && !repeats;
  });
  const run = (one: One, answer: () => Outcome) =>
    model.once(`${pair.userOf(one.from)} ${one.key}`, requestOf(one), answer);
  // What each would be on its own; kept out of the model's answers until it is known whether all go.
  const trial = transfers.map((one, i) =>
    isNew[i]
      ? model.transfer(walletOf(pair, one.from, one), walletOf(pair, one.to, one), one.amount)
      : undefined,
  );
  const firstOf = (one: One) =>
    transfers.findIndex((x) => x.from === one.from && x.key === one.key);
  const outcomes = (): Outcome[] =>
    transfers.map((one, i) => run(one, () => trial[isNew[i] ? i : firstOf(one)] as Outcome));
  const wouldBe = transfers.map((one, i) => {
    if (isNew[i]) return trial[i]?.code;
    const first = firstOf(one);
    if (isNew[first]) {
      const earlier = transfers[first] as One;
      return requestOf(earlier) === requestOf(one) ? 'ok' : 'IDEMPOTENCY_CONFLICT';
    }
    return run(one, () => ({ code: 'unreachable', id: -1 })).code;
  });
  if (op.atomic && wouldBe.some((code) => code !== 'ok')) {
    for (const [wallet, posted] of before) model.posted.set(wallet, posted);
    model.transactions.length = count;
    trial.forEach((outcome, i) => {
      if (outcome?.code === 'ok') trial[i] = { code: 'BATCH_REJECTED', id: -1 };
    });
  }
  const expected = outcomes();
  const results = await postTransfers(database.db, {
    transfers: transfers.map((one) => paramsOf(pair, one)),
    atomic: op.atomic,
  });
  const codes = results.map((one) => (one.status === 'completed' ? 'ok' : one.error.code));
  expect(codes).toEqual(expected.map(({ code }) => code));
  results.forEach((result, i) => {
    const number = expected[i]?.id ?? -1;
    if (result.status !== 'completed') return;
    const { userId, id } = result.transaction;
    const known = pair.ids.get(number);
    if (known !== undefined) expect(id).toBe(known.id);
    pair.ids.set(number, { userId, id });
  });
}

async function balancesOf(pair: Pair) {
  const found: Record<string, [bigint, bigint]> = {};
  const wanted: Record<string, [bigint, bigint]> = {};
  for (const [name, posted] of pair.model.posted) {
    const [owner = '', code = ''] = name.split('/');
    const ref =
      owner.length > 20 ? { userId: owner, currency: code } : { system: owner, currency: code };
    const wallet = await getWallet(database.db, ref as WalletRef);
    found[name] = [wallet.posted, wallet.held];
    wanted[name] = [posted, pair.model.held.get(name) ?? 0n];
  }
  return { found, wanted };
}

async function createPair(): Promise<Pair> {
  const { db } = database;
  const pair = new Pair(await Promise.all([createUser(db), createUser(db), createUser(db)]));
  for (const [index, userId] of pair.users.entries()) {
    // The last user has no USD wallet, so that unknown wallets come up.
    for (const code of index === 2 ? ['ZAR'] : ['ZAR', 'USD']) {
      await openWallet(db, { userId, currency: code });
      pair.model.open(`${userId}/${code}`);
    }
  }
  for (const code of ['ZAR', 'USD']) {
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: code },
      to: { system: 'LIQUIDITY', currency: code },
      amount: 500n,
      idempotencyKey: `fund ${randomUUID()}`,
    });
    for (const [system, limit] of [
      ['EXTERNAL', 2n ** 63n - 1n],
      ['LIQUIDITY', 0n],
    ] as const) {
      const { posted } = await getWallet(db, { system, currency: code });
      pair.model.open(`${system}/${code}`, posted, limit);
    }
  }
  return pair;
}

describe('the ledger', () => {
  test('answers any program of requests as the model does, and ends with its balances', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 45 }), async (program) => {
        const pair = await createPair();
        for (const op of program) await step(pair, op);
        const { found, wanted } = await balancesOf(pair);
        expect(found).toEqual(wanted);
        expect(await auditLedger(database.db)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
