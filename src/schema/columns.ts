import { sql } from 'drizzle-orm';
import { bigint, customType, timestamp, uuid } from 'drizzle-orm/pg-core';

/**
 * A time-ordered key: UUIDv7, from PostgreSQL 18 itself or from the first migration on older
 * servers.
 */
export const id = () => uuid('id').notNull().default(sql`uuidv7()`);

/**
 * A point in time. JavaScript keeps milliseconds of it; keyset cursors therefore never go through
 * Date.
 */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/**
 * The server's clock in SQL, in the milliseconds that a Date holds of an `instant`, so that what a
 * client sees of it is not before what is stored.
 */
export const NOW = "date_trunc('milliseconds', clock_timestamp())";

/** An amount of money in the currency's minor units; never a float. */
export const minorUnits = (name: string) => bigint(name, { mode: 'bigint' });

export const createdAt = () => instant('created_at').notNull().defaultNow();

/** Kept by the trigger `<table>_touch`, so that plain SQL writes move it too. */
export const updatedAt = () => instant('updated_at').notNull().defaultNow();

/** Raw bytes, such as a SHA-256. */
export const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
