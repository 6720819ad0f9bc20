import pg, { type CustomTypesConfig, type QueryConfig } from 'pg';
import { AzoraDbError } from '../errors.ts';

type Parser = (text: string) => unknown;

const { builtins } = pg.types;
const INT8_ARRAY = 1016;
const TIMESTAMPTZ_ARRAY = 1185;
const INTERVAL_ARRAY = 1187;
const DATE_ARRAY = 1182;
const NUMERIC_ARRAY = 1231;

const ISO_DATE = /^\d{4,}-\d\d-\d\d(?: BC)?$/;
const ISO_TIMESTAMP =
  /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?([+-])([\d:]+)( BC)?$/;

const asText: Parser = (text) => text;
const textArray = pg.types.getTypeParser(1009 as typeof builtins.TEXT) as unknown as (
  text: string,
) => (string | null)[];

// What pg would do otherwise: int8 as text, date as local midnight, numeric arrays as floats. The
// others are here because a service may have changed them for its whole process.
const parsers = new Map<number, Parser>([
  [builtins.INT8, BigInt],
  [INT8_ARRAY, arrayOf(BigInt)],
  [builtins.TIMESTAMPTZ, toDate],
  [TIMESTAMPTZ_ARRAY, arrayOf(toDate)],
  [builtins.DATE, isoDate],
  [DATE_ARRAY, textArray],
  [builtins.NUMERIC, asText],
  [NUMERIC_ARRAY, textArray],
  [builtins.INTERVAL, asText],
  [INTERVAL_ARRAY, textArray],
]);

/** An array is read as its items are; those of more dimensions are arrays of arrays. */
function arrayOf(parse: Parser): Parser {
  const each = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(each);
    return item === null ? null : parse(item as string);
  };
  return (text) => textArray(text).map(each);
}

/**
 * How this library reads values: int8 as `bigint`, timestamptz as `Date`, json and jsonb parsed,
 * and numeric, date and interval as text, and arrays as their items. `pg.types`, which the whole
 * process shares, stays as it is.
 *
 * This holds for `statement()` and for the pools of `connect()`. Drizzle brings its own reading:
 * its builder maps by column (bigint and Date as well), but `db.execute(sql)` returns int8,
 * timestamptz and date as text.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(oid)) ??
    pg.types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
};

// What Drizzle maps by column must reach it as the server sent it.
const texts = new Map<number, Parser>([
  [builtins.INT8, asText],
  [INT8_ARRAY, textArray],
  [builtins.NUMERIC, asText],
  [builtins.TIMESTAMPTZ, isoTimestamp],
  [builtins.DATE, isoDate],
]);

/**
 * The statement as a connection is to be given it; what else runs on one that is not ours is read
 * as before.
 */
export function withParsers(config: QueryConfig, isOurs: boolean): QueryConfig {
  const { types } = config;
  if (types === typeParsers) return config;
  if (types !== undefined) return { ...config, types: checked(types) };
  return isOurs ? config : { ...config, types: typeParsers };
}

/** Drizzle's own parsers, where no setting of the session or the process gets into their values. */
function checked(types: CustomTypesConfig): CustomTypesConfig {
  return {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      (format === 'binary' ? undefined : texts.get(oid)) ??
      types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
  };
}

/** To the millisecond, as a Date has it. */
function toDate(text: string): Date | number {
  const parts = ISO_TIMESTAMP.exec(text);
  if (parts === null) return toInfinity(text);
  const [, year, month, day, hour, minute, second, fraction = '', sign, zone = '', era] = parts;
  const [zoneHours = 0, zoneMinutes = 0, zoneSeconds = 0] = zone.split(':').map(Number);
  const offset = zoneHours * 3600 + zoneMinutes * 60 + zoneSeconds;
  const date = new Date(0);
  date.setUTCFullYear(era ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(
    Number(hour),
    Number(minute),
    Number(second) - (sign === '-' ? -offset : offset),
    Number(fraction.slice(0, 3).padEnd(3, '0')),
  );
  return date;
}

function isoTimestamp(text: string): string {
  if (!ISO_TIMESTAMP.test(text)) toInfinity(text);
  return text;
}

function isoDate(text: string): string {
  if (!ISO_DATE.test(text)) toInfinity(text);
  return text;
}

/**
 * What is no date of the calendar. In another form than ISO it would be read as another date, or as
 * none.
 */
function toInfinity(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  throw new AzoraDbError(
    'DATE_STYLE',
    "this session prints dates in another form than ISO 8601: set its DateStyle to 'ISO'",
  );
}
