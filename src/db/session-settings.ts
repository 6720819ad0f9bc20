/** What one setting of a session has to be. */
export interface Wanted {
  readonly name: string;
  /** What to set it to. */
  readonly value: string;
  /** Whether a session that has this, as `pg_settings` prints it, will do. */
  accepts(actual: string): boolean;
}

/** A setting that a session has otherwise. */
export interface Fault {
  readonly name: string;
  readonly value: string;
  readonly actual: string;
}

function wanted(name: string, value: string, accepts?: Wanted['accepts']): Wanted {
  return { name, value, accepts: accepts ?? ((actual) => actual === value) };
}

/** How instants are printed, and read where an offset is missing. */
const timeZone = wanted('TimeZone', 'UTC');
/** In another form dates are misread. Their order does not matter: all are sent year first. */
const dateStyle = wanted('DateStyle', 'ISO, MDY', (actual) => actual.startsWith('ISO'));
/** Off, a backslash in a literal means something else. */
const plainStrings = wanted('standard_conforming_strings', 'on');
/** How intervals are printed. */
const intervalStyle = wanted('IntervalStyle', 'postgres');
const byteaOutput = wanted('bytea_output', 'hex');
const clientEncoding = wanted('client_encoding', 'UTF8');

const others = [
  /** Below 1, floats lose digits. */
  wanted('extra_float_digits', '1', (actual) => Number(actual) >= 1),
  /** Off, NULL in the text of an array is the text 'NULL'. */
  wanted('array_nulls', 'on'),
  /** On, `x = null` is `x is null`. */
  wanted('transform_null_equals', 'off'),
  /** Above 0, a search in an index returns a part of what it found. */
  wanted('gin_fuzzy_search_limit', '0'),
];

/** No trigger runs in a replica's session, and so no guard. Only a superuser can have set it. */
const triggersRun = wanted('session_replication_role', 'origin');

/**
 * Sent in the startup packet beside the options, where it wins over them, PGOPTIONS, the role and
 * the database, and where PgBouncer keeps it for each of its clients. (pg sends client_encoding.)
 */
export const packetSettings: readonly Wanted[] = [timeZone, dateStyle, plainStrings];

/** Sent as the last of the options: in the packet itself PgBouncer refuses it. */
export const optionSettings: readonly Wanted[] = [intervalStyle, byteaOutput, ...others];

/** What the server reports of each new connection by itself. */
export const reportedSettings: readonly Wanted[] = [
  ...packetSettings,
  intervalStyle,
  clientEncoding,
];

/** What the session of a pool that the caller made has to have. */
export const neededOfAnyPool: readonly Wanted[] = [
  dateStyle,
  plainStrings,
  ...others,
  clientEncoding,
  triggersRun,
];

/** What the session of a pool of `connect()` has to have, beside what its options say. */
export const neededOfOurs: readonly Wanted[] = [
  ...packetSettings,
  ...optionSettings,
  clientEncoding,
  triggersRun,
];

/** What differs. One that the server does not name is no fault. */
export function findFaults(
  needed: readonly Wanted[],
  settings: ReadonlyMap<string, string>,
): Fault[] {
  return needed.flatMap(({ name, value, accepts }) => {
    const actual = settings.get(name);
    return actual === undefined || accepts(actual) ? [] : [{ name, value, actual }];
  });
}

/** A limit in milliseconds: what was asked for, or for a default any that is one. */
export function wantedLimit(name: string, milliseconds: number, isDefault: boolean): Wanted {
  const value = String(milliseconds);
  return wanted(name, value, isDefault ? (actual) => actual !== '0' : undefined);
}

/** Single statements rely on seeing what was committed while they waited for a lock. */
export const readCommitted = wanted('default_transaction_isolation', 'read committed', (actual) =>
  // PostgreSQL treats the two alike.
  ['read committed', 'read uncommitted'].includes(actual),
);
