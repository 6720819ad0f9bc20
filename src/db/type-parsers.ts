import pg, { type CustomTypesConfig } from 'pg';

type Parser = (text: string) => unknown;

const { builtins } = pg.types;
const INT8_ARRAY = 1016;
const DATE_ARRAY = 1182;
const NUMERIC_ARRAY = 1231;

const asText: Parser = (text) => text;
const textArray = pg.types.getTypeParser(1009 as typeof builtins.TEXT) as unknown as (
  text: string,
) => (string | null)[];

// What pg would do otherwise: int8 as text, date as local midnight, numeric arrays as floats.
const parsers = new Map<number, Parser>([
  [builtins.INT8, BigInt],
  [INT8_ARRAY, (text) => textArray(text).map((item) => (item === null ? null : BigInt(item)))],
  [builtins.DATE, asText],
  [DATE_ARRAY, textArray],
  [NUMERIC_ARRAY, textArray],
  [builtins.INTERVAL, asText],
]);

/**
 * How the connections of this library's pools read values: int8 as `bigint`, timestamptz as `Date`, json and
 * jsonb parsed, and numeric, date and interval as text. `pg.types`, which the whole process shares, stays as it is.
 *
 * This holds for `statement()` and for `db.$client`. Drizzle brings its own reading: its builder maps by column
 * (bigint and Date as well), but `db.execute(sql)` returns int8, timestamptz and date as text.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(oid)) ??
    pg.types.getTypeParser(oid, format as 'text')) as CustomTypesConfig['getTypeParser'],
};
