import type { Database } from '../../src/db/connect.ts';
import {
  auditLedger,
  getBalanceAt,
  getWallet,
  listStatement,
} from '../../src/queries/finance/index.ts';
import { type Contender, type MeasureOptions, measure } from '../lib/measure.ts';
import type { Section } from '../lib/report.ts';
import { addHistory, createRandom, createWallets, currency } from './data.ts';

/** Looking back in a history of 1,000 and of 1,000,000 entries (times the scale). */
export async function history(
  db: Database,
  scale: number,
  options: MeasureOptions,
): Promise<Section[]> {
  const [small = '', large = ''] = await createWallets(db, 2);
  const length = Math.round(1_000_000 * scale);
  await addHistory(db, [small], 1_000, 5n);
  for (let done = 0; done < length; done += 1_000_000) {
    await addHistory(db, [large], Math.min(1_000_000, length - done), 5n);
  }
  await db.$client.query('vacuum (analyze) finance.entries, finance.transactions');
  const random = createRandom(5);
  const { rows } = await db.$client.query(
    `select posted_at from finance.wallets where user_id = $1`,
    [large],
  );
  const end = rows[0].posted_at.getTime();
  const sizes = [
    { userId: small, size: 1_001, label: '1,000 entries' },
    { userId: large, size: length + 1, label: `${length.toLocaleString('en')} entries` },
  ];
  const page = ({ userId, size, label }: (typeof sizes)[number]): Contender => ({
    name: `listStatement, page of 50, ${label}`,
    operation: () => {
      const version = 60 + random(size - 60);
      const cursor = Buffer.from(JSON.stringify(['statement', `${version}`])).toString('base64url');
      return listStatement(db, { userId, currency, limit: 50, cursor });
    },
  });
  const balance = (
    { userId, size, label }: (typeof sizes)[number],
    by: 'recordedAt' | 'occurredAt',
  ): Contender => ({
    name: `getBalanceAt ${by}, ${label}`,
    operation: () => {
      const at = new Date(end - random(size) * 1_000);
      const time = by === 'recordedAt' ? { recordedAt: at } : { occurredAt: at };
      return getBalanceAt(db, { userId, currency, ...time });
    },
  });
  const pages = await measure(sizes.map(page), options);
  const recorded = await measure(
    sizes.map((one) => balance(one, 'recordedAt')),
    options,
  );
  const occurred = await measure(
    sizes.map((one) => balance(one, 'occurredAt')),
    options,
  );
  return [
    { title: 'A statement page at a random depth', results: pages },
    { title: 'The balance at a recorded time', results: recorded },
    {
      title: 'The balance at an occurred time',
      results: occurred,
      notes: [await audit(db, large)],
    },
  ];
}

async function audit(db: Database, userId: string): Promise<string> {
  const started = performance.now();
  const { findings } = await auditLedger(db);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const { rows } = await db.$client.query('select count(*) as entries from finance.entries');
  const { version } = await getWallet(db, { userId, currency });
  return (
    `auditLedger over ${rows[0].entries} entries, of which ${version} in one wallet: ` +
    `${seconds} s, ${findings.length} findings`
  );
}
