import { expect } from 'vitest';
import {
  createPayment,
  failPayment,
  refundPayment,
  rejectMiningActivity,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import type { OperationOf } from './ledger-operations.ts';
import type { Pair, Steps } from './ledger-pair.ts';

type CaseKind = 'submit' | 'verify' | 'reward' | 'reject' | 'pay' | 'settle' | 'fail' | 'refund';

/** The operations of mining and payments. */
export const caseSteps: Steps<CaseKind> = {
  submit,
  pay,
  verify: (pair, op) => judge(pair, op, (key) => verifyMiningActivity(pair.db, key)),
  reward: (pair, op) => judge(pair, op, (key) => rewardMiningActivity(pair.db, key)),
  reject: (pair, op) =>
    judge(pair, op, (key) => rejectMiningActivity(pair.db, { ...key, reason: 'copied' })),
  settle: (pair, op) => handle(pair, op, (key) => settlePayment(pair.db, key)),
  fail: (pair, op) => handle(pair, op, (key) => failPayment(pair.db, { ...key, reason: 'no' })),
  refund: (pair, op) => handle(pair, op, (key) => refundPayment(pair.db, key)),
};

async function submit(pair: Pair, { kind, user, amount, key }: OperationOf<'submit'>) {
  const { activities } = pair.cases;
  const userId = pair.userOf(user);
  const { code, id } = pair.ledger.once(`${kind} ${userId} ${key}`, `${amount}`, () => {
    activities.push({ user: userId, tokens: amount, status: 'PENDING' });
    return { code: 'ok', id: activities.length - 1 };
  });
  const params = { userId, type: 'PEER_TEACHING', tokensEarned: amount } as const;
  const expected = { code: activities[id]?.status ?? code };
  await pair.compareCase(kind, expected, async () => {
    const activity = await submitMiningActivity(pair.db, { ...params, idempotencyKey: `m${key}` });
    same(pair.activityIds, id, activity);
    return activity;
  });
}

async function pay(pair: Pair, op: OperationOf<'pay'>) {
  const { kind, user, currency, amount, reference, isRefund } = op;
  const { payments } = pair.cases;
  const userId = pair.userOf(user);
  const request = `${userId} ${currency} ${amount} ${isRefund}`;
  const { id } = pair.ledger.once(`${kind} ${reference}`, request, () => {
    payments.push({ currency, amount, isRefund, status: 'PENDING', transaction: -1 });
    return { code: 'ok', id: payments.length - 1 };
  });
  const params = { userId, currency, amount, provider: 'test' };
  await pair.compareCase(kind, { code: payments[id]?.status ?? 'REFERENCE_TAKEN' }, async () => {
    const payment = await createPayment(pair.db, {
      ...params,
      type: isRefund ? 'REFUND' : 'DONATION',
      providerReference: `${pair.tag} ${reference}`,
    });
    same(pair.paymentIds, id, payment);
    return payment;
  });
}

type Key = { userId: string; id: string };
type Case = Key & { status: string; transactionId: string | null };

/** One number is one row, however often it is asked for. */
function same(ids: Key[], number: number, { userId, id }: Key): void {
  expect((ids[number] ?? { id }).id).toBe(id);
  ids[number] = { userId, id };
}

async function judge(
  pair: Pair,
  { kind, pick }: OperationOf<'verify' | 'reward' | 'reject'>,
  run: (key: Key) => Promise<Case>,
) {
  const number = pick % Math.max(1, pair.activityIds.length);
  const [activity, key] = [pair.cases.activities[number], pair.activityIds[number]];
  if (activity === undefined || key === undefined) return;
  await pair.compareCase(kind, pair.cases[kind](activity), () => run(key));
}

async function handle(
  pair: Pair,
  { kind, pick }: OperationOf<'settle' | 'fail' | 'refund'>,
  run: (key: Key) => Promise<Case>,
) {
  const number = pick % Math.max(1, pair.paymentIds.length);
  const [payment, key] = [pair.cases.payments[number], pair.paymentIds[number]];
  if (payment === undefined || key === undefined) return;
  await pair.compareCase(kind, pair.cases[kind](payment), () => run(key));
}
