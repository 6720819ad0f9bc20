import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  customType,
  numeric,
  type PgColumn,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

/**
 * A time-ordered key: UUIDv7, from PostgreSQL 18 itself or from the first migration on older
 * servers.
 */
export const id = () => uuid('id').notNull().default(sql`uuidv7()`);

/**
 * A point in time. JavaScript keeps milliseconds of it; keyset cursors therefore never go through
 * Date.
 */
export const instant = (name: string) =>
  readFrom(timestamp(name, { withTimezone: true, mode: 'date' }), inFullIso);

/**
 * The server's clock in SQL, in the milliseconds that a Date holds of an `instant`, so that what a
 * client sees of it is not before what is stored.
 */
export const NOW = "date_trunc('milliseconds', clock_timestamp())";

/** An amount of money in the currency's minor units; never a float. */
export const minorUnits = (name: string) => wholeNumber(name);

/**
 * An int8 as bigint. Drizzle's `with` reads rows through JSON, where numbers above 2^53 are
 * rounded: a Drizzle that is not of this library gets a RangeError for such a one, and no other
 * number.
 */
export const wholeNumber = (name: string) => readFrom(bigint(name, { mode: 'bigint' }), unrounded);

/** The same for whole numbers that int8 does not hold. */
export const longNumber = (name: string, digits: { precision?: number; scale?: number } = {}) =>
  readFrom(numeric(name, { mode: 'bigint', ...digits }), unrounded);

export const createdAt = () => instant('created_at').notNull().defaultNow();

/** Kept by the trigger `<table>_touch`, so that plain SQL writes move it too. */
export const updatedAt = () => instant('updated_at').notNull().defaultNow();

/** Raw bytes, such as a SHA-256. */
export const bytea = customType<{ data: Buffer; driverData: Buffer | string }>({
  dataType: () => 'bytea',
  // As text it comes out of JSON, where Drizzle's `with` puts it.
  fromDriver: (value) => (typeof value === 'string' ? fromHex(value) : value),
});

function fromHex(text: string): Buffer {
  if (!text.startsWith('\\x')) throw new RangeError("this session's bytea_output is not hex");
  return Buffer.from(text.slice(2), 'hex');
}

/** The column of this builder, which reads what `before` makes of the driver's value. */
function readFrom<B>(builder: B, before: (value: unknown) => unknown): B {
  const inner = builder as {
    build(table: unknown): { mapFromDriverValue(value: unknown): unknown };
  };
  const build = inner.build.bind(builder);
  inner.build = (table) => {
    const column = build(table);
    const read = column.mapFromDriverValue.bind(column);
    column.mapFromDriverValue = (value) => read(before(value));
    return column;
  };
  return builder;
}

function unrounded(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new RangeError(
      'a whole number above 2^53 came through JSON, which rounds it: read it without `with`, or ' +
        'with the database of connect()',
    );
  }
  return value;
}

/** Of the years below 100, which JavaScript takes for those of 1900 or 2000 in any other form. */
function inFullIso(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('00')) return value;
  return value.replace(' ', 'T').replace(/[+-]\d\d$/, '$&:00');
}

// The first of the year 1 and the first of the year 10,000, in seconds since 1970. A literal of the
// type timestamptz would be printed in the zone of whoever reads the constraint.
const FIRST_SECOND = -62_135_596_800;
const END_SECOND = 253_402_300_800;

/**
 * Holds every time of a table between the years 1 and 9999: `infinity` and years BC are no Date in
 * JavaScript, and one such row would break the lists that it stands in.
 */
export function instantsCheck(table: string, columns: Record<string, PgColumn>) {
  const named = (...types: string[]) =>
    Object.values(columns)
      .filter(({ columnType }) => types.includes(columnType))
      .map(({ name }) => name)
      .join(', ');
  const times = named('PgTimestamp');
  const dates = named('PgDate', 'PgDateString');
  // Nulls count for nothing in `least` and `greatest`.
  const bounds = [
    times && `least(${times}) >= to_timestamp(${FIRST_SECOND})`,
    times && `greatest(${times}) < to_timestamp(${END_SECOND})`,
    dates && `least(${dates}) >= make_date(1, 1, 1)`,
    dates && `greatest(${dates}) <= make_date(9999, 12, 31)`,
  ];
  return check(`${table}_instants_check`, sql.raw(bounds.filter(Boolean).join(' and ')));
}

/** The most characters that free text may have. */
export const textLimits = (table: string, limits: Record<string, number>) =>
  limitChecks(table, limits, (column) => `char_length(${column})`);

/** The most bytes that JSON, or an array, may have as PostgreSQL prints it. */
export const jsonLimits = (table: string, limits: Record<string, number>) =>
  limitChecks(table, limits, (column) => `octet_length(${column}::text)`);

function limitChecks(
  table: string,
  limits: Record<string, number>,
  sizeOf: (column: string) => string,
) {
  return Object.entries(limits).map(([column, most]) =>
    check(`${table}_${column}_size_check`, sql.raw(`${sizeOf(column)} <= ${most}`)),
  );
}
