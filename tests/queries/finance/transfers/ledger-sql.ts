import { randomUUID } from 'node:crypto';
import type { Db } from '../../../../src/db/session.ts';
import { getWallet } from '../../../../src/queries/finance/index.ts';
import { systemOwners, toWalletRef } from '../../../../src/queries/finance/wallets/wallet-ref.ts';

/** Instants that all rows of a planted posting share: later than what the ledger has recorded so far. */
export function soon(): string {
  return new Date(Date.now() + 20).toISOString();
}

export interface TransactionValues {
  readonly userId: string;
  readonly id?: string;
  readonly type?: string;
  readonly status?: string;
  readonly currency?: string;
  readonly amount?: number;
  readonly reverses?: string;
  readonly recordedAt?: string;
  readonly occurredAt?: string;
}

/** A statement that inserts a transaction, a completed transfer of 5 rand unless told otherwise. */
export function transactionSql(values: TransactionValues): string {
  const { userId, id = randomUUID(), type = 'TRANSFER', status = 'COMPLETED' } = values;
  const { currency = 'ZAR', amount = 5, reverses, recordedAt = soon() } = values;
  const failure = status === 'FAILED' ? `'WALLET_CLOSED', '{}'` : 'null, null';
  const rate = type === 'EXCHANGE' ? '1, 1' : 'null, null';
  return `insert into finance.transactions (user_id, id, type, status, currency, amount, idempotency_key,
      request_hash, reverses_id, failure_code, failure_facts, rate_numerator, rate_denominator,
      recorded_at, occurred_at)
    values ('${userId}', '${id}', '${type}', '${status}', '${currency}', ${amount}, 'sql ${id}',
      sha256('x'), ${reverses ? `'${reverses}'` : 'null'}, ${failure}, ${rate},
      '${recordedAt}', '${values.occurredAt ?? recordedAt}');`;
}

export interface EntryValues {
  readonly owner: string;
  readonly amount: number;
  readonly currency?: string;
  /** Beyond the wallet's own; default 1. */
  readonly step?: number;
  readonly after?: bigint;
  readonly recordedAt?: string;
  readonly occurredAt?: string;
}

/** A statement that inserts entries which continue their wallets' chains unless told otherwise. */
export async function entriesSql(
  db: Db,
  transaction: { userId: string; id: string; recordedAt: string },
  entries: readonly EntryValues[],
): Promise<string> {
  const rows = await Promise.all(
    entries.map(async (entry) => {
      const currency = entry.currency ?? 'ZAR';
      const wallet = await getWallet(db, toWalletRef(entry.owner, currency));
      const version = wallet.version + BigInt(entry.step ?? 1);
      const after = entry.after ?? wallet.posted + BigInt(entry.amount);
      return `('${entry.owner}', '${currency}', ${version}, '${transaction.userId}', '${transaction.id}',
        ${entry.amount}, ${after}, '${entry.recordedAt ?? transaction.recordedAt}',
        ${entry.occurredAt ? `'${entry.occurredAt}'` : 'null'})`;
    }),
  );
  return `insert into finance.entries (user_id, currency, version, transaction_user_id, transaction_id,
    amount, posted_after, recorded_at, occurred_at) values ${rows.join(', ')};`;
}

export const { EXTERNAL, LIQUIDITY, MINT, FEES } = systemOwners;

/** The statements of a transaction and its entries, to be run as one. */
export async function postingSql(
  db: Db,
  transaction: TransactionValues,
  entries: readonly EntryValues[],
): Promise<string> {
  const id = transaction.id ?? randomUUID();
  const recordedAt = transaction.recordedAt ?? soon();
  const inserted = transactionSql({ ...transaction, id, recordedAt });
  return inserted + (await entriesSql(db, { userId: transaction.userId, id, recordedAt }, entries));
}
