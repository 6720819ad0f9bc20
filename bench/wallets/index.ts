import type { BenchOptions } from '../lib/options.ts';
import { report, type Section } from '../lib/report.ts';
import { openBenchDatabase } from '../lib/server.ts';
import { batches } from './batches.ts';
import { createWallets } from './data.ts';
import { history } from './history.ts';
import { readBalance } from './read-balance.ts';
import { hotWallet, singleTransfers } from './transfers.ts';

/** Everything that DESIGN promises about the speed of wallets. */
export async function run(options: BenchOptions): Promise<void> {
  const database = await openBenchDatabase(options.url);
  const { db } = database;
  const isWanted = (name: string) => options.only === undefined || name.includes(options.only);
  const measureOptions = { runs: options.runs, seconds: options.seconds };
  const sections: Section[] = [];
  try {
    const users = await createWallets(db, 10_000);
    if (isWanted('read')) sections.push(...(await readBalance(db, users, measureOptions)));
    if (isWanted('transfer')) sections.push(await singleTransfers(db, users, measureOptions));
    if (isWanted('hot')) sections.push(await hotWallet(db, users, measureOptions));
    if (isWanted('batch')) sections.push(await batches(db, users, measureOptions));
    if (isWanted('history')) {
      sections.push(...(await history(db, options.scale ?? 1, measureOptions)));
    }
    report('wallets', database.description, sections);
  } finally {
    await database.close();
  }
}
