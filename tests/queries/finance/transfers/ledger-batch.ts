import { expect } from 'vitest';
import type { Outcome } from './ledger-model.ts';
import type { One } from './ledger-operations.ts';
import { dateOf, type Pair } from './ledger-pair.ts';

type Params = ReturnType<typeof paramsOf>;
type Answer = { userId: string; id: string } | { code: string };

/** Posts transfers together on both sides, and compares what became of each. */
export async function compareBatch(
  pair: Pair,
  kind: string,
  all: readonly One[],
  isAtomic: boolean,
  run: (params: Params[]) => Promise<Answer[]>,
): Promise<void> {
  const transfers = all.filter((one) => one.from !== one.to);
  if (transfers.length === 0) return;
  const expected = postBatch(pair, transfers, isAtomic);
  const answers = await run(transfers.map((one) => paramsOf(pair, one)));
  const codes = answers.map((answer) => ('code' in answer ? answer.code : 'ok'));
  expect([kind, ...codes]).toEqual([kind, ...expected.map(({ code }) => code)]);
  answers.forEach((answer, i) => {
    pair.seen.add(`${kind} ${expected[i]?.code}`);
    if ('id' in answer) pair.remember(expected[i]?.id ?? -1, answer);
  });
}

function postBatch(pair: Pair, transfers: readonly One[], isAtomic: boolean): Outcome[] {
  const { ledger } = pair;
  let news: (Outcome | undefined)[] = [];
  let isKept = true;
  // What each would be on its own; kept only if all go, or need not go together.
  ledger.attempt(() => {
    const firsts = transfers.map((one) =>
      transfers.findIndex((other) => other.from === one.from && other.key === one.key),
    );
    const isRefused = transfers.map((one, i) => {
      if (ledger.knows(keyOf(pair, one))) return replay(pair, one).code !== 'ok';
      const first = transfers[firsts[i] ?? i] ?? one;
      if (first !== one) return requestOf(first) !== requestOf(one);
      news[i] = move(pair, one);
      return news[i]?.code !== 'ok';
    });
    isKept = !isAtomic || !isRefused.includes(true);
    return isKept;
  });
  const rejected: Outcome = { code: 'BATCH_REJECTED', id: -1 };
  if (!isKept) news = news.map((outcome) => (outcome?.code === 'ok' ? rejected : outcome));
  return transfers.map((one, i) =>
    ledger.once(keyOf(pair, one), requestOf(one), () => news[i] as Outcome),
  );
}

export const keyOf = (pair: Pair, one: One) => `${pair.userOf(one.from)} ${one.key}`;
export const requestOf = (one: One) => print([one.from, one.to, one.currency, one.amount, one.day]);
export const print = (parts: readonly unknown[]) => parts.map(String).join(' ');

function replay(pair: Pair, one: One): Outcome {
  return pair.ledger.once(keyOf(pair, one), requestOf(one), () => {
    throw new Error('this key was to be known');
  });
}

export function move(pair: Pair, { from, to, currency, amount, day }: One): Outcome {
  const nameOf = (index: number) => `${pair.userOf(index)}/${currency}`;
  return pair.ledger.transfer(nameOf(from), nameOf(to), amount, day);
}

export function paramsOf(pair: Pair, { from, to, currency, amount, key, day }: One) {
  const ref = (index: number) => ({ userId: pair.userOf(index), currency });
  return { from: ref(from), to: ref(to), amount, ...requestAs(key, day) };
}

export function requestAs(key: number, day?: number) {
  const idempotencyKey = `k${key}`;
  return day === undefined ? { idempotencyKey } : { idempotencyKey, occurredAt: dateOf(day) };
}
