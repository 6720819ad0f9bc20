import type { Database } from '../../src/db/connect.ts';
import type { Db } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { getWallet } from '../../src/queries/finance/index.ts';
import { selectWallet } from '../../src/queries/finance/wallets/wallet-balance.ts';
import { type MeasureOptions, measure } from '../lib/measure.ts';
import type { Section } from '../lib/report.ts';
import { createRandom, currency } from './data.ts';

const { text } = selectWallet;
const READS = 20;

/**
 * One balance by key: the library beside a named prepared statement of `pg`, outside and inside a
 * transaction.
 */
export async function readBalance(
  db: Database,
  users: readonly string[],
  options: MeasureOptions,
): Promise<Section[]> {
  const random = createRandom(1);
  const pick = () => users[random(users.length)] ?? '';
  const read = () => ({ name: 'bench_balance', text, values: [pick(), currency] });
  const outside = await measure(
    [
      { name: 'raw pg, named statement', operation: () => db.$client.query(read()) },
      { name: 'getWallet', operation: () => getWallet(db, { userId: pick(), currency }) },
    ],
    options,
  );
  const rawInside = async () => {
    const client = await db.$client.connect();
    await client.query('begin');
    for (let i = 0; i < READS; i += 1) await client.query(read());
    await client.query('commit');
    client.release();
  };
  const inside = async (tx: Db) => {
    for (let i = 0; i < READS; i += 1) await getWallet(tx, { userId: pick(), currency });
  };
  const within = await measure(
    [
      { name: 'raw pg, in a transaction', units: READS, operation: rawInside },
      {
        name: 'getWallet, in a transaction',
        units: READS,
        operation: () => transaction(db, inside),
      },
    ],
    options,
  );
  return [
    { title: 'Read one balance of 10,000 wallets', results: outside },
    { title: `Read one balance inside a transaction of ${READS} reads`, results: within },
  ];
}
