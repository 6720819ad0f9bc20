import type { Database } from '../../src/db/connect.ts';
import { createTransferCombiner, transfer } from '../../src/queries/finance/index.ts';
import { hashRequest } from '../../src/queries/finance/transfers/request.ts';
import { postedTransfer } from '../../src/queries/finance/transfers/transfer.ts';
import { type MeasureOptions, measure } from '../lib/measure.ts';
import type { Section } from '../lib/report.ts';
import { sampleWaits } from '../lib/waits.ts';
import { createRandom, currency } from './data.ts';

const { text } = postedTransfer;
const hash = hashRequest('bench', {});
let serial = 0;

function nextKey(): string {
  serial += 1;
  return `bench ${process.pid} ${serial}`;
}

/**
 * A transfer between two of 10,000 wallets, 8 at a time: the library beside the same SQL through
 * `pg`.
 */
export async function singleTransfers(
  db: Database,
  users: readonly string[],
  options: MeasureOptions,
): Promise<Section> {
  const random = createRandom(2);
  const pair = () => {
    const from = random(users.length);
    const to = (from + 1 + random(users.length - 1)) % users.length;
    return [users[from] ?? '', users[to] ?? ''] as const;
  };
  const raw = () => {
    const [from, to] = pair();
    const values = [from, nextKey(), hash, 'TRANSFER', from, to, currency, 1n, null, null, '{}'];
    return db.$client.query({ name: 'bench_transfer', text, values });
  };
  const ours = () => {
    const [from, to] = pair();
    return transfer(db, {
      from: { userId: from, currency },
      to: { userId: to, currency },
      amount: 1n,
      idempotencyKey: nextKey(),
    });
  };
  const results = await measure(
    [
      { name: 'the same SQL through pg', callers: 8, operation: raw },
      { name: 'transfer', callers: 8, operation: ours },
      { name: 'transfer, one caller', callers: 1, operation: ours },
    ],
    options,
  );
  const waits = await sampleWaits(db, () =>
    measure([{ name: '', callers: 8, operation: ours }], { ...options, runs: 1 }),
  );
  return {
    title: 'One transfer between two of 10,000 wallets',
    results,
    notes: [`What the backends of 8 callers wait for: ${waits}`],
  };
}

/** 32 callers who all pay from one wallet: separately, and through the combiner. */
export async function hotWallet(
  db: Database,
  users: readonly string[],
  options: MeasureOptions,
): Promise<Section> {
  const random = createRandom(3);
  const [hot = '', ...others] = users;
  const request = () => ({
    from: { userId: hot, currency },
    to: { userId: others[random(others.length)] ?? '', currency },
    amount: 1n,
    idempotencyKey: nextKey(),
  });
  const combiner = createTransferCombiner(db);
  const separate = () => transfer(db, request());
  const combined = () => combiner.transfer(request());
  // So many calls are open at once, as 32 services with 32 requests each would have.
  const many = () => Promise.all(Array.from({ length: 32 }, combined));
  const results = await measure(
    [
      { name: 'transfer', callers: 32, operation: separate },
      { name: 'combiner.transfer', callers: 32, operation: combined },
      { name: 'combiner.transfer, 32 calls each', callers: 32, units: 32, operation: many },
    ],
    options,
  );
  const runs = { ...options, runs: 1 };
  const apart = await sampleWaits(db, () =>
    measure([{ name: '', callers: 32, operation: separate }], runs),
  );
  const together = await sampleWaits(db, () =>
    measure([{ name: '', callers: 32, operation: combined }], runs),
  );
  await combiner.close();
  return {
    title: '32 callers pay from one wallet',
    results,
    notes: [`Separate transfers wait for: ${apart}`, `Combined ones wait for: ${together}`],
  };
}
