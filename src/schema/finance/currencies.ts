import { sql } from 'drizzle-orm';
import { check, smallint, text } from 'drizzle-orm/pg-core';
import { createdAt, instantsCheck, minorUnits } from '../columns.ts';
import { finance } from '../schemas.ts';

/** Money that wallets can hold. `scale` is the number of decimal digits of a minor unit. */
export const currencies = finance.table(
  'currencies',
  {
    code: text('code').primaryKey(),
    name: text('name').notNull(),
    scale: smallint('scale').notNull(),
    supplyLimit: minorUnits('supply_limit'),
    createdAt: createdAt(),
  },
  (table) => [
    check('currencies_code_form_check', sql`code ~ '^[A-Z]{3,8}$'`),
    check('currencies_name_length_check', sql`char_length(name) between 1 and 100`),
    check('currencies_scale_range_check', sql`scale between 0 and 18`),
    check('currencies_supply_limit_positive_check', sql`supply_limit > 0`),
    instantsCheck('currencies', table),
  ],
);

export type Currency = typeof currencies.$inferSelect;
export type NewCurrency = typeof currencies.$inferInsert;
