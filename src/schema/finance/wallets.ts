import { sql } from 'drizzle-orm';
import { check, foreignKey, index, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import {
  createdAt,
  instant,
  instantsCheck,
  minorUnits,
  updatedAt,
  wholeNumber,
} from '../columns.ts';
import { users } from '../identity/users.ts';
import { finance } from '../schemas.ts';
import { currencies } from './currencies.ts';

export const walletKind = finance.enum('wallet_kind', [
  'USER',
  'MINT',
  'EXTERNAL',
  'LIQUIDITY',
  'FEES',
]);
export const walletStatus = finance.enum('wallet_status', ['OPEN', 'CLOSED']);

/**
 * What an owner holds of one currency. `posted` is the sum of the wallet's entries, `held` the
 * sum of its open holds; posted - held is available and may not fall below -credit_limit.
 *
 * Only triggers on entries and holds move posted, version, posted_at, held and hold_expires_at;
 * any other UPDATE of them fails. `posted_at` is the recorded time of the newest entry,
 * `hold_expires_at` the earliest end of an open hold.
 *
 * The address is computed from owner and currency, so it is unique as they are.
 *
 * System wallets have reserved owner ids and no user: `holder_id`, which points to users, is
 * null for them.
 */
export const wallets = finance.table(
  'wallets',
  {
    userId: uuid('user_id').notNull(),
    currency: text('currency').notNull(),
    kind: walletKind('kind').notNull().default('USER'),
    holderId: uuid('holder_id').generatedAlwaysAs(
      sql`case when kind = 'USER'::finance.wallet_kind then user_id end`,
    ),
    address: text('address').notNull().generatedAlwaysAs(sql`wallet_address(user_id, currency)`),
    posted: minorUnits('posted').notNull().default(sql`0`),
    held: minorUnits('held').notNull().default(sql`0`),
    creditLimit: minorUnits('credit_limit').notNull().default(sql`0`),
    version: wholeNumber('version').notNull().default(sql`0`),
    postedAt: instant('posted_at'),
    holdExpiresAt: instant('hold_expires_at'),
    status: walletStatus('status').notNull().default('OPEN'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    primaryKey({ name: 'wallets_pkey', columns: [table.userId, table.currency] }),
    foreignKey({
      name: 'wallets_holder_id_fkey',
      columns: [table.holderId],
      foreignColumns: [users.id],
    }).onDelete('restrict'),
    foreignKey({
      name: 'wallets_currency_fkey',
      columns: [table.currency],
      foreignColumns: [currencies.code],
    }).onDelete('restrict'),
    index('wallets_holder_id_idx').on(table.holderId),
    // With the owner behind it, because without statistics the planner takes it for a look-up by
    // key.
    index('wallets_currency_idx').on(table.currency, table.userId),
    index('wallets_address_idx').on(table.address),
    // Each check costs every posting 4 microseconds a wallet; what cannot change after the wallet
    // was opened is checked then, by the trigger wallets_open_sound.
    check('wallets_available_check', sql`posted - held >= -credit_limit`),
    check('wallets_held_not_negative_check', sql`held >= 0`),
    check('wallets_closed_has_time_check', sql`(status = 'CLOSED') = (closed_at is not null)`),
    check('wallets_closed_is_empty_check', sql`status = 'OPEN' or (posted = 0 and held = 0)`),
    instantsCheck('wallets', table),
  ],
);

export type Wallet = typeof wallets.$inferSelect;
export type NewWallet = typeof wallets.$inferInsert;
