import { types as kinds } from 'node:util';
import { toDbError } from './db/to-db-error.ts';
import { AzoraDbError, type ErrorJson, InvalidInputError } from './errors.ts';
import { guarded } from './input/guarded.ts';
import type { Json } from './input/json.ts';

export type { Json };

/**
 * What `toJson` makes of a value of type `T`: text for bigint, Date and bytes, and an `ErrorJson`
 * for errors.
 */
export type Jsonified<T> = unknown extends T
  ? Json
  : T extends bigint | Date | Uint8Array
    ? string
    : T extends undefined
      ? null
      : T extends Error
        ? ErrorJson
        : T extends { toJSON(): infer Own }
          ? Jsonified<Own>
          : T extends readonly unknown[]
            ? { -readonly [I in keyof T]: Jsonified<T[I]> }
            : T extends object
              ? { [K in keyof T & (string | number)]: JsonField<T[K]> }
              : T;

/** A field that may be undefined is left out then. */
type JsonField<T> = Jsonified<Exclude<T, undefined>> | Extract<T, undefined>;

/** JSON.stringify recurses, too. */
const MAX_DEPTH = 1_000;

/**
 * A copy of any result or error that JSON.stringify, `reply.send` and `c.json` write as it is:
 *
 * - bigint: its decimal digits as text, so amounts are text of minor units (`'1234'`);
 * - Date: ISO 8601 in UTC, `'2026-01-31T12:00:00.000Z'`; Buffer and Uint8Array: base64;
 * - undefined: left out of objects, and null elsewhere, as JSON.stringify has it;
 * - errors of this library: as their `toJSON`; any other: `{ name, code: 'UNKNOWN', message }` with
 *   a message of ours, because its own may hold SQL, values or passwords;
 * - what has a `toJSON` method: what that returns.
 *
 * What is passed as `value` is not changed.
 *
 * @throws InvalidInputError that names the place (`value.items.0.price`) and the rule: JSON has no
 * NaN, infinity, invalid Date, function, symbol, Map, Set or other class with hidden contents, and
 * no value may contain itself or be nested more than 1,000 deep
 */
export function toJson<T>(value: T): Jsonified<T> {
  const place: Place = { path: ['value'], above: new Set() };
  return guarded('value', () => convert(value, place)) as Jsonified<T>;
}

/** Where a value stands, by the keys that lead to it, and what contains it. */
interface Place {
  readonly path: (string | number)[];
  readonly above: Set<object>;
}

function convert(value: unknown, place: Place): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'undefined':
      return null;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw refusal(place, 'must be a finite number');
    case 'object':
      return value === null ? null : convertObject(value, place);
    default:
      throw refusal(place, `must be JSON, and not a ${typeof value}`);
  }
}

function convertObject(value: object, place: Place): Json {
  if (kinds.isDate(value)) return isoText(value, place);
  if (kinds.isUint8Array(value)) return base64(value);
  const { above } = place;
  if (above.has(value)) throw refusal(place, 'must not contain itself');
  if (above.size >= MAX_DEPTH) {
    throw new InvalidInputError('value', `must not be nested more than ${MAX_DEPTH} deep`);
  }
  above.add(value);
  const converted = convertContents(value, place);
  above.delete(value);
  return converted;
}

function convertContents(value: object, place: Place): Json {
  if (kinds.isNativeError(value)) return convert(errorToJson(value), place);
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return convert(toJSON.call(value), place);
  // Not map(), which would skip holes.
  if (Array.isArray(value)) return Array.from(value, (item, at) => convertAt(at, item, place));
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object') throw refusal(place, `must be JSON, and not a ${kind}`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, convertAt(key, item, place)]),
  );
}

function convertAt(key: string | number, value: unknown, place: Place): Json {
  place.path.push(key);
  const converted = convert(value, place);
  place.path.pop();
  return converted;
}

function refusal({ path }: Place, rule: string): InvalidInputError {
  return new InvalidInputError(path.join('.'), rule);
}

// Not by its own methods, which a class of the caller's may override.
function isoText(value: Date, place: Place): string {
  if (Number.isNaN(Date.prototype.getTime.call(value))) {
    throw refusal(place, 'must be a valid Date');
  }
  return Date.prototype.toISOString.call(value);
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function errorToJson(error: Error): ErrorJson {
  // One of another realm is nobody's that we know.
  const ours = error instanceof Error ? toDbError(error) : error;
  if (ours instanceof AzoraDbError) return ours.toJSON();
  return { name: 'Error', code: 'UNKNOWN', message: 'an error that is not of @azora/db' };
}
