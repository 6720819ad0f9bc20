import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Database } from '../../../../src/db/connect.ts';
import {
  getBalanceAt,
  getWallet,
  listStatement,
  type NamedWalletRef,
  openWallet,
  type SystemWallet,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { createUser } from '../bundle.ts';
import { type CaseOutcome, CasesModel } from './cases-model.ts';
import { LedgerModel, type Outcome } from './ledger-model.ts';
import type { Kind, OperationOf } from './ledger-operations.ts';

type Key = { readonly userId: string; readonly id: string };

/** How each kind of operation is done on both sides. */
export type Steps<K extends Kind> = {
  [Each in K]: (pair: Pair, op: OperationOf<Each>) => Promise<void>;
};

/** When it happened, so many days ago. */
export function dateOf(day: number): Date {
  return new Date(Date.UTC(2020, 0, 20 - day));
}

function refOf(name: string): NamedWalletRef {
  const [owner = '', currency = ''] = name.split('/');
  if (owner.includes('-')) return { userId: owner, currency };
  return { system: owner as SystemWallet, currency };
}

/** The ledger and its model, side by side. */
export class Pair {
  readonly ledger = new LedgerModel();
  readonly cases = new CasesModel(this.ledger);
  readonly tag = randomUUID();
  readonly expiresAt = new Date(Date.now() + 86_400_000);
  /** By the model's number: which transaction, hold, activity or payment of the database that is. */
  readonly ids = new Map<number, Key>();
  readonly holds: number[] = [];
  readonly activityIds: Key[] = [];
  readonly paymentIds: Key[] = [];
  readonly looks: { readonly wallet: string; readonly at: Date; readonly posted: bigint }[] = [];
  readonly db: Database;
  readonly users: readonly string[];
  /** What was answered to which kind of operation. */
  readonly seen: Set<string>;

  constructor(db: Database, users: readonly string[], seen: Set<string>) {
    this.db = db;
    this.users = users;
    this.seen = seen;
  }

  userOf(index: number): string {
    return this.users[index] ?? '';
  }

  /** The request must end as the model's did, and a repeated one in the same transaction. */
  async compare(kind: string, expected: Outcome, run: () => Promise<Key>): Promise<void> {
    this.seen.add(`${kind} ${expected.code}`);
    const actual = await run().catch((error: { code: string }) => ({ code: error.code }));
    expect([kind, 'code' in actual ? actual.code : 'ok']).toEqual([kind, expected.code]);
    if ('id' in actual) this.remember(expected.id, actual);
  }

  async compareCase(
    kind: string,
    expected: CaseOutcome,
    run: () => Promise<{ userId: string; status: string; transactionId: string | null }>,
  ): Promise<void> {
    this.seen.add(`${kind} ${expected.code}`);
    const actual = await run().catch((error: { code: string }) => ({ code: error.code }));
    const code = 'status' in actual ? actual.status : actual.code;
    expect([kind, code]).toEqual([kind, expected.code]);
    if (!('status' in actual) || expected.posted === undefined || kind === 'refund') return;
    this.remember(expected.posted, { userId: actual.userId, id: actual.transactionId ?? '' });
  }

  remember(number: number, { userId, id }: Key): void {
    const known = this.ids.get(number);
    if (known !== undefined) expect(id).toBe(known.id);
    this.ids.set(number, { userId, id });
  }

  /** Every balance, now and then, and every statement. */
  async compareWallets(): Promise<void> {
    for (const [name, { posted, held, isClosed }] of this.ledger.wallets) {
      const wallet = await getWallet(this.db, refOf(name));
      const { status } = wallet;
      expect([name, wallet.posted, wallet.held, status]).toEqual([
        name,
        posted,
        held,
        isClosed ? 'CLOSED' : 'OPEN',
      ]);
      if (wallet.kind === 'USER') await this.#compareHistory(name);
    }
    for (const { wallet, at, posted } of this.looks) {
      expect(await getBalanceAt(this.db, { ...refOf(wallet), recordedAt: at })).toBe(posted);
    }
  }

  async #compareHistory(name: string): Promise<void> {
    const entries = this.ledger.wallets.get(name)?.entries ?? [];
    const sumOf = (some: typeof entries) => some.reduce((sum, { amount }) => sum + amount, 0n);
    for (const day of new Set(entries.map((entry) => entry.day))) {
      if (day === undefined) continue;
      const happened = entries.filter((entry) => entry.day !== undefined && entry.day >= day);
      const found = await getBalanceAt(this.db, { ...refOf(name), occurredAt: dateOf(day) });
      expect([name, day, found]).toEqual([name, day, sumOf(happened)]);
    }
    let cursor: string | undefined;
    let left = entries.length;
    do {
      const page = await listStatement(this.db, { ...refOf(name), limit: 7, cursor });
      const shown = entries.slice(Math.max(0, left - 7), left);
      expect(page.items.map(({ version, amount }) => [version, amount])).toEqual(
        shown.map(({ amount }, i) => [BigInt(left - shown.length + i + 1), amount]).reverse(),
      );
      expect(page.closingBalance).toBe(sumOf(entries.slice(0, left)));
      left -= shown.length;
      expect(page.openingBalance).toBe(sumOf(entries.slice(0, left)));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(left).toBe(0);
  }
}

/** Three users with empty wallets, and the platform's wallets as they are. */
export async function createPair(db: Database, seen: Set<string>): Promise<Pair> {
  const users = await Promise.all([createUser(db), createUser(db), createUser(db)]);
  const pair = new Pair(db, users, seen);
  for (const [index, userId] of users.entries()) {
    // The last user has no USD wallet, so that unknown wallets come up.
    for (const currency of index === 2 ? ['ZAR'] : ['ZAR', 'USD']) {
      await openWallet(db, { userId, currency });
      pair.ledger.open(`${userId}/${currency}`);
    }
  }
  for (const currency of ['ZAR', 'USD']) {
    await transfer(db, {
      from: { system: 'EXTERNAL', currency },
      to: { system: 'LIQUIDITY', currency },
      amount: 500n,
      idempotencyKey: `fund ${currency} ${pair.tag}`,
    });
  }
  const platform = ['EXTERNAL', 'LIQUIDITY', 'FEES'].flatMap((system) => [
    `${system}/ZAR`,
    `${system}/USD`,
  ]);
  for (const name of [...platform, 'MINT/AZR']) {
    const { posted, creditLimit } = await getWallet(db, refOf(name));
    pair.ledger.open(name, posted, creditLimit);
  }
  return pair;
}
