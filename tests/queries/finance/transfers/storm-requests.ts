import type { Db } from '../../../../src/db/session.ts';
import {
  captureHold,
  createPayment,
  createTransferCombiner,
  deposit,
  exchange,
  expireHolds,
  IdempotencyConflictError,
  placeHold,
  postTransfers,
  RejectedError,
  refundPayment,
  releaseHold,
  reverseTransaction,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  type TransferCombiner,
  transfer,
  verifyMiningActivity,
  withdraw,
} from '../../../../src/queries/finance/index.ts';

/** One request of a storm, which can be sent any number of times and is answered the same. */
export interface Request {
  readonly kind: string;
  /** The keys of its transactions. One that ends in ` end` is used only if the first went through. */
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

/** Random requests over few wallets. */
export function createRequests(users: readonly string[], count: number, seed: number): Request[] {
  const random = createRandom(seed);
  const start = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const from = random(users.length);
    const to = (from + 1 + random(users.length - 1)) % users.length;
    const make = makers[random(makers.length)] as Maker;
    return make({
      key: `storm ${seed} ${i}`,
      userId: users[from] ?? '',
      other: users[to] ?? '',
      amount: BigInt(1 + random(40)),
      random,
      start,
    });
  });
}

interface Draw {
  readonly key: string;
  readonly userId: string;
  readonly other: string;
  readonly amount: bigint;
  readonly random: (below: number) => number;
  readonly start: number;
}
type Maker = (draw: Draw) => Request;

const makers: readonly Maker[] = [
  ({ key, userId, amount }) =>
    one('deposit', key, (db) => deposit(db, { userId, currency, amount, idempotencyKey: key })),
  ({ key, userId, amount }) =>
    one('withdraw', key, (db) => withdraw(db, { userId, currency, amount, idempotencyKey: key })),
  (draw) => one('transfer', draw.key, (db) => transfer(db, moveOf(draw, draw.key))),
  (draw) => one('combine', draw.key, (db) => combinerOf(db).transfer(moveOf(draw, draw.key))),
  batch,
  change,
  holdAndResolve,
  holdAndResolve,
  moveAndReverse,
  mine,
  pay,
  () => ({
    kind: 'sweep',
    keys: [],
    // How many it finds due depends on the hour, and so is no answer to compare.
    send: async (db) => expireHolds(db).then(() => 'swept'),
  }),
];

function moveOf({ userId, other, amount }: Draw, idempotencyKey: string) {
  return {
    from: { userId, currency },
    to: { userId: other, currency },
    amount,
    idempotencyKey,
  };
}

function one(kind: string, key: string, run: (db: Db) => Promise<{ id: string }>): Request {
  return { kind, keys: [key], send: async (db) => answerOf(run(db)) };
}

function batch(draw: Draw): Request {
  const { key, random } = draw;
  const keys = Array.from({ length: 2 + random(8) }, (_, i) => `${key}.${i}`);
  const there = moveOf(draw, '');
  const back = { ...there, from: there.to, to: there.from };
  const transfers = keys.map((idempotencyKey) => ({
    ...(random(2) === 0 ? there : back),
    idempotencyKey,
  }));
  const atomic = random(2) === 0;
  const send = async (db: Db) => {
    const results = await postTransfers(db, { transfers, atomic });
    return results
      .map((each) => (each.status === 'completed' ? each.transaction.id : each.error.code))
      .join();
  };
  return { kind: 'batch', keys, send };
}

function change({ key, userId, amount, random }: Draw): Request {
  const [from, to] = random(2) === 0 ? ['ZAR', 'USD'] : ['USD', 'ZAR'];
  const rate = { numerator: 1n, denominator: 1n };
  return one('exchange', key, (db) =>
    exchange(db, { userId, from, to, amount, rate, idempotencyKey: key }),
  );
}

/** Some holds come due while the storm is on. */
function holdAndResolve({ key, userId, other, amount, random, start }: Draw): Request {
  const end = random(3);
  const isShort = random(3) === 0;
  const expiresAt = isShort ? new Date(start + random(20_000)) : new Date('2999-01-01');
  const idempotencyKey = `${key} end`;
  const send = async (db: Db) => {
    const placed = await answerOf(
      placeHold(db, { userId, currency, amount, expiresAt, idempotencyKey: key }),
    );
    if (end === 0 || isRefusal(placed)) return placed;
    const base = { userId, holdId: placed, idempotencyKey };
    const resolved =
      end === 1
        ? releaseHold(db, base)
        : captureHold(db, { ...base, to: { userId: other }, amount: 1n });
    return `${placed},${await answerOf(resolved)}`;
  };
  return { kind: 'hold', keys: end === 0 ? [key] : [key, idempotencyKey], send };
}

function moveAndReverse(draw: Draw): Request {
  const { key, userId, random } = draw;
  const idempotencyKey = `${key} end`;
  const part = random(2) === 0 ? {} : { amount: 1n };
  const send = async (db: Db) => {
    const moved = await answerOf(transfer(db, moveOf(draw, key)));
    if (isRefusal(moved)) return moved;
    const reversed = reverseTransaction(db, {
      userId,
      transactionId: moved,
      idempotencyKey,
      ...part,
    });
    return `${moved},${await answerOf(reversed)}`;
  };
  return { kind: 'reverse', keys: [key, idempotencyKey], send };
}

function mine({ key, userId, amount }: Draw): Request {
  const proof = {
    userId,
    type: 'PEER_TEACHING',
    tokensEarned: amount,
    idempotencyKey: key,
  } as const;
  const send = async (db: Db) => {
    const { id } = await submitMiningActivity(db, proof);
    await verifyMiningActivity(db, { userId, id });
    const { transactionId } = await rewardMiningActivity(db, { userId, id });
    return `${id},${transactionId}`;
  };
  return { kind: 'mine', keys: [], send };
}

function pay({ key, userId, amount, random }: Draw): Request {
  const isRefunded = random(2) === 0;
  const payment = { userId, amount, currency, type: 'DONATION', provider: 'storm' } as const;
  const send = async (db: Db) => {
    const { id, status } = await createPayment(db, { ...payment, providerReference: key });
    // What was refunded cannot be settled again.
    if (status === 'PENDING') await settlePayment(db, { userId, id });
    if (isRefunded) return `${id} ${(await refundPayment(db, { userId, id })).transactionId}`;
    return `${id} ${(await settlePayment(db, { userId, id })).transactionId}`;
  };
  return { kind: isRefunded ? 'refund' : 'pay', keys: [], send };
}

const combiners = new WeakMap<Db, TransferCombiner>();

function combinerOf(db: Db): TransferCombiner {
  const combiner = combiners.get(db) ?? createTransferCombiner(db);
  combiners.set(db, combiner);
  return combiner;
}

/** Ids have lower case letters only, and codes upper. */
function isRefusal(answer: string): boolean {
  return answer === answer.toUpperCase();
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
