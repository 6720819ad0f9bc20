import { randomBytes } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../../db/session.ts';
import { transaction } from '../../db/transaction.ts';
import { currencies } from '../../schema/finance/currencies.ts';
import { entries } from '../../schema/finance/entries.ts';
import { holds } from '../../schema/finance/holds.ts';
import { miningActivities } from '../../schema/finance/mining-activities.ts';
import { paymentReferences } from '../../schema/finance/payment-references.ts';
import { payments } from '../../schema/finance/payments.ts';
import { systemOwners } from '../../schema/finance/system-owners.ts';
import { transactions } from '../../schema/finance/transactions.ts';
import { wallets } from '../../schema/finance/wallets.ts';
import { defineFactory, factoryOf, insertReturning, minutesFromNow, unique } from './factory.ts';
import { userIdOf } from './identity.ts';

/** A currency with a code of its own; its system wallets come with it. */
export const insertCurrency = defineFactory(currencies, () => ({
  code: Array.from(randomBytes(6), (byte) => String.fromCharCode(65 + (byte % 26))).join(''),
  name: 'Test money',
  scale: 2,
}));

/** An empty wallet in rand. */
export const insertWallet = defineFactory(wallets, async (db, given) => ({
  userId: await userIdOf(db, given),
  currency: 'ZAR',
}));

/**
 * A pending deposit. A completed one must have its entries by COMMIT: `insertEntry` makes both, and
 * `insertHold` a hold with its transaction.
 */
export const insertTransaction = defineFactory(transactions, async (db, given) => {
  const currency = given.currency ?? 'ZAR';
  const now = new Date();
  return {
    userId: given.userId ?? (await insertWallet(db, { currency })).userId,
    type: 'DEPOSIT' as const,
    status: 'PENDING' as const,
    currency,
    amount: 100n,
    idempotencyKey: unique(),
    requestHash: randomBytes(32),
    occurredAt: now,
    recordedAt: now,
  };
});

/**
 * An entry of 100 in a wallet, and in the same statement, as the rule of balance wants, its
 * counterpart in the wallet of EXTERNAL. A trigger moves both wallets. `userId` and `currency` name
 * a wallet that is there.
 */
export const insertEntry = factoryOf(entries, async (db, given) =>
  transaction(db, async (tx) => {
    const currency = given.currency ?? 'ZAR';
    const userId = given.userId ?? (await insertWallet(tx, { currency })).userId;
    // In key order, as everywhere: the reserved ids are less than those of users.
    const external = await lockWallet(tx, systemOwners.EXTERNAL, currency);
    const own = await lockWallet(tx, userId, currency);
    const amount = given.amount ?? 100n;
    const recordedAt =
      given.recordedAt ?? new Date(Math.max(external.now, external.postedAt, own.postedAt));
    const { id: transactionId } = await insertTransaction(tx, {
      userId,
      currency,
      status: 'COMPLETED',
      // A check of entries itself must be what refuses an amount that is none.
      amount: magnitude(amount) || 1n,
      recordedAt,
      occurredAt: given.occurredAt ?? recordedAt,
    });
    const entry = {
      userId,
      currency,
      version: own.version + 1n,
      transactionUserId: userId,
      transactionId,
      amount,
      postedAfter: own.posted + amount,
      recordedAt,
      ...given,
    };
    const counterpart = {
      ...entry,
      userId: systemOwners.EXTERNAL,
      version: external.version + 1n,
      amount: -amount,
      postedAfter: external.posted - amount,
    };
    return insertReturning(tx, entries, [entry, counterpart]);
  }),
);

/**
 * A hold of 100 for the next hour, with the transaction that placed it, in a wallet that has as
 * much; a trigger moves what is held.
 */
export const insertHold = factoryOf(holds, async (db, given) =>
  transaction(db, async (tx) => {
    const currency = given.currency ?? 'ZAR';
    const amount = given.amount ?? 100n;
    const funds = amount > 100n ? amount : 100n;
    const userId = given.userId ?? (await insertEntry(tx, { currency, amount: funds })).userId;
    const placed = { userId, currency, type: 'HOLD', status: 'COMPLETED' } as const;
    const id =
      given.id ?? (await insertTransaction(tx, { ...placed, amount: magnitude(amount) || 1n })).id;
    const hold = { userId, id, currency, amount, expiresAt: minutesFromNow(60), ...given };
    return insertReturning(tx, holds, [hold]);
  }),
);

/** A pending proof of knowledge. */
export const insertMiningActivity = defineFactory(miningActivities, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'COURSE_COMPLETION' as const,
  tokensEarned: 100_000_000n,
  idempotencyKey: unique(),
}));

/** A pending donation. */
export const insertPayment = defineFactory(payments, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'DONATION' as const,
  amount: 5_000n,
  currency: 'ZAR',
  provider: 'test',
  providerReference: unique(),
}));

/** The reference of a pending donation, which comes with it. */
export const insertPaymentReference = factoryOf(paymentReferences, async (db, given) => {
  const { paymentId: id, reference, ...rest } = given;
  const { provider, providerReference } = await insertPayment(db, {
    ...rest,
    ...(id && { id }),
    ...(reference && { providerReference: reference }),
  });
  const [claimed] = await db
    .select()
    .from(paymentReferences)
    .where(
      and(
        eq(paymentReferences.provider, provider),
        eq(paymentReferences.reference, providerReference),
      ),
    );
  if (!claimed) throw new Error('the payment claimed no reference');
  return claimed;
});

function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount;
}

async function lockWallet(tx: Db, userId: string, currency: string) {
  const [wallet] = await tx
    .select({
      version: wallets.version,
      posted: wallets.posted,
      postedAt: wallets.postedAt,
      now: sql<string>`ceil(extract(epoch from clock_timestamp()) * 1000)`,
    })
    .from(wallets)
    .where(and(eq(wallets.userId, userId), eq(wallets.currency, currency)))
    .for('no key update');
  if (!wallet) throw new Error(`there is no wallet in ${currency} of this user`);
  // Rounded up, because the database keeps microseconds.
  return {
    ...wallet,
    postedAt: (wallet.postedAt?.getTime() ?? -1) + 1,
    now: Number(wallet.now),
  };
}
