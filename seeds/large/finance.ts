import { entries } from '../../src/schema/finance/entries.ts';
import { miningActivities } from '../../src/schema/finance/mining-activities.ts';
import { occurrenceSums } from '../../src/schema/finance/occurrence-sums.ts';
import { transactions } from '../../src/schema/finance/transactions.ts';
import { type NewWallet, wallets } from '../../src/schema/finance/wallets.ts';
import { makeLedgerBlock, startLedger } from './ledger.ts';
import { joinedAt, type Plan, userId } from './plan.ts';
import { lockSystemWallets } from './system-wallets.ts';
import { range, type Writer } from './writer.ts';

/**
 * Wallets with their history. The trigger on entries wants all entries of a transaction in one
 * statement and then moves the wallets itself, so a block of users is one COPY: transfers never
 * leave their block.
 */
export async function writeFinance(writer: Writer, plan: Plan): Promise<void> {
  // What it records is past: this session owns the tables, and says that it imports a history.
  await writer.client.query(`set local azora.import_history = 'on'`);
  const ledger = startLedger(plan, await lockSystemWallets(writer.client));
  await writer.inBlocks(
    plan.users,
    [wallets, transactions, entries, occurrenceSums, miningActivities],
    async (from, to) => {
      await writer.copy(wallets, makeWallets(plan, from, to));
      const block = makeLedgerBlock(ledger, from, to);
      await writer.copy(transactions, block.transactions);
      await writer.copy(entries, block.entries);
      await writer.copy(miningActivities, block.mining);
    },
  );
}

function* makeWallets(plan: Plan, from: number, to: number): Generator<NewWallet> {
  for (const user of range(from, to)) {
    const joined = new Date(joinedAt(plan, user));
    for (const currency of ['AZR', 'ZAR']) {
      yield { userId: userId(plan, user), currency, createdAt: joined, updatedAt: joined };
    }
  }
}
