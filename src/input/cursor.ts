import { z } from 'zod';

const MAX_LENGTH = 1_000;
// Of PostgreSQL's timestamps, less one for time zones.
const LAST_YEAR = 294_275;
const RULE = 'must be a nextCursor that this list returned';

/** The cursors of one list: where the next page begins, as text that callers pass back unseen. */
export interface CursorCodec<Position> {
  /** For the list's parameters: text in, position out; undefined for the first page. */
  readonly field: z.ZodType<Position | undefined>;
  encode(position: Position): string;
}

/**
 * Makes the cursors of a list. A position holds the values of the last row's order columns; the
 * cursor is base64url of `[list, position]` as JSON, so that a cursor of another list is refused,
 * as is anything that `position` does not accept. In JSON a bigint is text: declare it with
 * `integerText`. Instants go in as the text that PostgreSQL printed, because a Date would lose
 * microseconds and with them rows.
 */
export function defineCursor<S extends z.ZodType>(
  list: string,
  position: S,
): CursorCodec<z.output<S>> {
  const envelope = z.tuple([z.literal(list), position]);
  const field = z
    .string({ error: RULE })
    .max(MAX_LENGTH, { error: RULE })
    .transform((cursor, context) => {
      const parsed = envelope.safeParse(readJson(cursor));
      if (parsed.success) return parsed.data[1] as z.output<S>;
      context.issues.push({ code: 'custom', message: RULE, input: cursor });
      return z.NEVER;
    })
    .optional();
  return {
    field,
    encode: (value) =>
      Buffer.from(JSON.stringify([list, value], bigintAsText)).toString('base64url'),
  };
}

/** Before the first row of a list in which the latest comes first, then the greater id. */
export const FIRST_PAGE = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'] as const;

/**
 * A page of a list, from rows of which one more than `limit` was asked for: the extra one only
 * shows that there is a next page, and the last of the others says where it begins.
 */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  encode: (last: Row) => string,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : encode(last) };
}

/** A bigint of 8 bytes in a cursor, where it is text. */
export const integerText = z
  .string()
  .regex(/^(?:0|-?[1-9][0-9]{0,18})$/)
  .transform(BigInt)
  .refine((value) => BigInt.asIntN(64, value) === value);

const DATE = /(?<year>\d{4,6})-(?<month>0[1-9]|1[0-2])-(?<day>\d\d)/;
const TIME = /(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?/;
const OFFSET = /[+-](?:0\d|1[0-5])(?::[0-5]\d){0,2}/;
const TIMESTAMP = new RegExp(`^${DATE.source} ${TIME.source}${OFFSET.source}$`);

/**
 * A timestamptz in a cursor, as `::text` prints it: a date of the calendar, so that no forged one
 * reaches the server.
 */
export const timestampText = z.string().refine((text) => {
  if (text === 'infinity' || text === '-infinity') return true;
  const { year, month, day } = TIMESTAMP.exec(text)?.groups ?? {};
  if (year === undefined) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return date.getUTCDate() === Number(day) && Number(year) > 0 && Number(year) <= LAST_YEAR;
});

function readJson(cursor: string): unknown {
  // Node skips what is not base64url; a cursor must be exactly what was handed out.
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
