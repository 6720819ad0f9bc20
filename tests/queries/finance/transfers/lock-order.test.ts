import { expect, test } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  auditLedger,
  captureHold,
  createPayment,
  exchange,
  expireHolds,
  placeHold,
  postTransfers,
  RejectedError,
  refundPayment,
  releaseHold,
  reverseTransaction,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  transfer,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import { countDeadlocks, watchingForDeadlocks } from '../../../setup/deadlocks.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { SOUND } from '../bundle.ts';
import { createStormUsers } from './storm.ts';
import { createRandom } from './storm-requests.ts';

const database = useTestDatabase();
const currency = 'ZAR';
const USERS = 8;

/** Runs the steps of one caller, each once: a deadlock is an error here, and not a reason to try again. */
type Once = <T>(run: (tx: Db) => Promise<T>) => Promise<T>;

interface Draw {
  readonly userId: string;
  readonly other: string;
  readonly key: string;
  readonly random: (below: number) => number;
}

const moveOf = ({ userId, other, key }: Draw) => ({
  from: { userId, currency },
  to: { userId: other, currency },
  amount: 1n,
  idempotencyKey: key,
});

const holdOf = ({ userId, key }: Draw, expiresAt: Date) => ({
  userId,
  currency,
  amount: 1n,
  expiresAt,
  idempotencyKey: `hold ${key}`,
});

const programs: ((once: Once, draw: Draw) => Promise<unknown>)[] = [
  (once, draw) => once((tx) => transfer(tx, moveOf(draw))),
  (once, draw) => {
    const transfers = Array.from({ length: 20 }, (_, i) => {
      const move = moveOf({ ...draw, key: `${draw.key}.${i}` });
      return draw.random(2) === 0 ? move : { ...move, from: move.to, to: move.from };
    });
    return once((tx) => postTransfers(tx, { transfers }));
  },
  (once, { userId, key, random }) => {
    const [from, to] = random(2) === 0 ? ['ZAR', 'USD'] : ['USD', 'ZAR'];
    const rate = { numerator: 1n, denominator: 1n };
    return once((tx) => exchange(tx, { userId, from, to, amount: 1n, rate, idempotencyKey: key }));
  },
  async (once, draw) => {
    const { userId, other, key: idempotencyKey, random } = draw;
    const { id: holdId } = await once((tx) => placeHold(tx, holdOf(draw, new Date('2999-01-01'))));
    const base = { userId, holdId, idempotencyKey };
    await once((tx) =>
      random(2) === 0 ? releaseHold(tx, base) : captureHold(tx, { ...base, to: { userId: other } }),
    );
  },
  async (once, draw) => {
    await once((tx) => placeHold(tx, holdOf(draw, new Date(Date.now() + 30))));
    await once((tx) => expireHolds(tx));
  },
  async (once, draw) => {
    const { id: transactionId } = await once((tx) => transfer(tx, moveOf(draw)));
    const { userId, key } = draw;
    await once((tx) =>
      reverseTransaction(tx, { userId, transactionId, idempotencyKey: `back ${key}` }),
    );
  },
  async (once, { userId, key: idempotencyKey }) => {
    const proof = { userId, type: 'PEER_TEACHING', tokensEarned: 1n, idempotencyKey } as const;
    const { id } = await once((tx) => submitMiningActivity(tx, proof));
    await once((tx) => verifyMiningActivity(tx, { userId, id }));
    await once((tx) => rewardMiningActivity(tx, { userId, id }));
  },
  async (once, { userId, key: providerReference }) => {
    const payment = { userId, currency, amount: 1n, type: 'DONATION', provider: 'test' } as const;
    const { id } = await once((tx) => createPayment(tx, { ...payment, providerReference }));
    await once((tx) => settlePayment(tx, { userId, id }));
    await once((tx) => refundPayment(tx, { userId, id }));
  },
];

test('no mix of concurrent operations on the same wallets deadlocks', async () => {
  const { db, url } = database;
  const users = await createStormUsers(db, USERS);
  const applicationName = 'lock order';
  const busy = await connect({ url: watchingForDeadlocks(url), max: 24, applicationName });
  const once: Once = (run) => transaction(busy, run, { maxAttempts: 1 });
  const session = async (seed: number) => {
    const random = createRandom(seed);
    const outcomes: string[] = [];
    for (let i = 0; i < 80; i += 1) {
      const from = random(USERS);
      const to = (from + 1 + random(USERS - 1)) % USERS;
      const program = programs[(i + seed) % programs.length];
      const draw = {
        userId: users[from] ?? '',
        other: users[to] ?? '',
        key: `${seed} ${i}`,
        random,
      };
      const running = program?.(once, draw) ?? Promise.reject(new Error('no program'));
      outcomes.push(
        await running.then(
          () => 'done',
          (error) => (error instanceof RejectedError ? 'refused' : String(error)),
        ),
      );
    }
    return outcomes;
  };
  const sessions = await Promise.all(Array.from({ length: 10 }, (_, i) => session(i + 1)));
  await busy.close();
  const outcomes = sessions.flat();
  expect(outcomes.filter((outcome) => outcome !== 'done' && outcome !== 'refused')).toEqual([]);
  expect(outcomes.filter((outcome) => outcome === 'done').length).toBeGreaterThan(600);
  expect(await countDeadlocks(db, applicationName)).toBe(0);
  expect(await auditLedger(db)).toEqual(SOUND);
});
