import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import type { FailureCode } from '../errors.ts';
import { type NamedWalletRef, toWalletRef } from '../wallets/wallet-ref.ts';
import {
  type LedgerTransaction,
  TRANSACTION_COLUMNS,
  type TransactionRow,
  type TransactionStatus,
  toTransaction,
} from './transaction-row.ts';

/** One leg of a transaction. */
export interface LedgerEntry {
  readonly wallet: NamedWalletRef;
  readonly version: bigint;
  /** In minor units; below zero when it left the wallet. */
  readonly amount: bigint;
  readonly postedAfter: bigint;
}

/** A transaction as it is stored, completed or failed, with its entries. */
export interface TransactionDetail extends LedgerTransaction {
  readonly status: TransactionStatus;
  readonly failureCode: FailureCode | null;
  /** In order of owner and currency; none unless completed. */
  readonly entries: readonly LedgerEntry[];
}

interface EntryRow {
  readonly user_id: string;
  readonly currency: string;
  readonly version: bigint;
  readonly amount: bigint;
  readonly posted_after: bigint;
}

const input = z.strictObject({ userId: uuid, id: uuid });

const selectTransaction = statement<TransactionRow>(
  'get_transaction',
  `select ${TRANSACTION_COLUMNS}
   from finance.transactions
   where user_id = $1
     and id = $2`,
);

const selectEntries = statement<EntryRow>(
  'transaction_entries',
  `select user_id, currency, version, amount, posted_after
   from finance.entries
   where transaction_user_id = $1
     and transaction_id = $2
   order by user_id, currency, version`,
);

/**
 * One transaction with its entries, by the owner who started it and its id.
 *
 * @throws NotFoundError if there is none
 */
export async function getTransaction(
  db: Db,
  params: { userId: string; id: string },
): Promise<TransactionDetail> {
  const { userId, id } = parseInput(input, params);
  const [row] = await selectTransaction(db, [userId, id]);
  if (row === undefined) throw new NotFoundError('transaction', ['userId', 'id']);
  const entries = await selectEntries(db, [userId, id]);
  return {
    ...toTransaction(row),
    status: row.status,
    failureCode: row.failure_code,
    entries: entries.map((entry) => ({
      wallet: toWalletRef(entry.user_id, entry.currency),
      version: entry.version,
      amount: entry.amount,
      postedAfter: entry.posted_after,
    })),
  };
}
