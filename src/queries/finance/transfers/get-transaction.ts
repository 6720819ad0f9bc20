import { and, asc, eq, getTableColumns } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import { entries } from '../../../schema/finance/entries.ts';
import { type transactionStatus, transactions } from '../../../schema/finance/transactions.ts';
import type { FailureCode } from '../errors.ts';
import { type NamedWalletRef, toWalletRef } from '../wallets/wallet-ref.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** One leg of a transaction. */
export interface LedgerEntry {
  /** The wallet that it moved. */
  wallet: NamedWalletRef;
  /** The entry's place among those of the wallet, from 1, without gaps. */
  version: bigint;
  /** In minor units; below zero when it left the wallet. */
  amount: bigint;
  /** The wallet's balance after this entry, in minor units. */
  postedAfter: bigint;
}

/** A transaction as it is stored, completed or failed, with its entries. */
export interface TransactionDetail extends LedgerTransaction {
  /** How far the request is: the functions here leave it completed or failed. */
  status: (typeof transactionStatus.enumValues)[number];
  /** Why it failed; null unless it did. */
  failureCode: FailureCode | null;
  /** In order of owner and currency; none unless completed. */
  entries: LedgerEntry[];
}

const input = () => z.strictObject({ userId: uuid, id: uuid });

const { requestHash, failureFacts, rateNumerator, rateDenominator, ...shown } =
  getTableColumns(transactions);

const selectTransaction = prepared(
  'select_transaction',
  { userId: transactions.userId, id: transactions.id },
  (query, { userId, id }) =>
    query
      .select(shown)
      .from(transactions)
      .where(and(eq(transactions.userId, userId), eq(transactions.id, id))),
);

const selectEntries = prepared(
  'select_entries',
  { userId: entries.transactionUserId, id: entries.transactionId },
  (query, { userId, id }) =>
    query
      .select({
        owner: entries.userId,
        currency: entries.currency,
        version: entries.version,
        amount: entries.amount,
        postedAfter: entries.postedAfter,
      })
      .from(entries)
      .where(and(eq(entries.transactionUserId, userId), eq(entries.transactionId, id)))
      .orderBy(asc(entries.userId), asc(entries.currency), asc(entries.version)),
);

/**
 * One transaction with its entries, by the owner who started it and its id.
 *
 * @throws NotFoundError if there is none
 */
export async function getTransaction(
  db: Db,
  params: {
    /** The owner who started it: a UUID of a user, or one of `systemOwners`. */
    userId: string;
    /** The transaction's id, a UUID: with `userId` its key. */
    id: string;
  },
): Promise<TransactionDetail> {
  const key = parseInput(input, params);
  const [transaction] = await selectTransaction(db, key);
  if (transaction === undefined) throw new NotFoundError('transaction', ['userId', 'id']);
  const legs = await selectEntries(db, key);
  return {
    ...transaction,
    entries: legs.map(({ owner, currency, ...entry }) => ({
      wallet: toWalletRef(owner, currency),
      ...entry,
    })),
  };
}
