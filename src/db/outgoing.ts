import { types as kinds } from 'node:util';
import type { QueryConfig } from 'pg';
import { InvalidInputError } from '../errors.ts';

/** The protocol counts parameters in two bytes. */
const MOST_PARAMETERS = 65_535;
/** pg recurses, and a caller's array may contain itself. */
const MAX_DEPTH = 100;

/** What pg may be given as a parameter: text, bytes, or null. */
type Wire = string | Buffer | null;

/**
 * A statement as pg is to be given it: its values already text or bytes, so that nothing is left
 * in it that could throw, or change, while it is written to the server. pg writes the messages of
 * all connections through one buffer, and what an error left there would be sent with the next
 * message of whichever connection comes next.
 *
 * A Date becomes UTC text: pg would write local time, whose offset it rounds to minutes. Everything
 * else is written as pg writes it.
 *
 * @throws InvalidInputError that names a value by its place, such as `$2`, or `text` or `name`.
 */
export function outgoing(config: QueryConfig | string, values?: unknown[]): QueryConfig {
  const given = typeof config === 'string' ? { text: config } : config;
  if (typeof given?.text !== 'string') throw new InvalidInputError('text', 'must be SQL text');
  refuseNul('text', given.text);
  if (given.name !== undefined) {
    if (typeof given.name !== 'string') throw new InvalidInputError('name', 'must be text');
    refuseNul('name', given.name);
  }
  const parameters = values ?? given.values;
  if (parameters === undefined || parameters === null) return { ...given };
  if (!Array.isArray(parameters)) throw new InvalidInputError('values', 'must be an array');
  if (parameters.length > MOST_PARAMETERS) {
    throw new InvalidInputError('values', `must be at most ${MOST_PARAMETERS} items long`);
  }
  return { ...given, values: Array.from(parameters, encodeAt) };
}

/** To the server it is the end, and the rest no message. */
function refuseNul(field: string, text: string): void {
  if (text.includes('\0')) throw new InvalidInputError(field, 'must not contain a NUL character');
}

function encodeAt(value: unknown, index: number): Wire {
  // By far the most.
  if (typeof value === 'string') return value;
  try {
    return encode(value, 0);
  } catch (error) {
    const rule = error instanceof Fault ? error.message : 'throws when it is written as text';
    throw new InvalidInputError(`$${index + 1}`, rule);
  }
}

/** A value that no parameter can have, and the rule that it breaks. */
class Fault extends Error {}

function encode(value: unknown, depth: number): Wire {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return encodeObject(value, depth);
    default:
      throw new Fault(`must not be a ${typeof value}`);
  }
}

function encodeObject(value: object, depth: number): Wire {
  if (depth > MAX_DEPTH) throw new Fault(`must not be nested more than ${MAX_DEPTH} deep`);
  if (ArrayBuffer.isView(value)) return bytesOf(value);
  if (kinds.isDate(value)) return utcText(value);
  if (Array.isArray(value)) return arrayText(value, depth);
  if ('toPostgres' in value && typeof value.toPostgres === 'function') {
    return encode(
      value.toPostgres((item: unknown) => encode(item, depth + 1)),
      depth + 1,
    );
  }
  return jsonText(value);
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(Buffer.from(view.buffer, view.byteOffset, view.byteLength));
}

function jsonText(value: object): string {
  const text: string | undefined = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') throw new Fault('must not hold a bigint, which JSON has not');
    return item;
  });
  if (text === undefined) throw new Fault('must be JSON');
  return text;
}

/** A literal of an array: `{"a",NULL,{"b"}}`. */
function arrayText(items: readonly unknown[], depth: number): string {
  // Not map(), which would skip holes.
  const parts = Array.from(items, (item) => {
    if (Array.isArray(item)) return arrayTextBelow(item, depth);
    const wire = encode(item, depth + 1);
    if (wire === null) return 'NULL';
    const text = typeof wire === 'string' ? wire : `\\x${wire.toString('hex')}`;
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(',')}}`;
}

function arrayTextBelow(items: readonly unknown[], depth: number): string {
  if (depth >= MAX_DEPTH) throw new Fault(`must not be nested more than ${MAX_DEPTH} deep`);
  return arrayText(items, depth + 1);
}

/**
 * A Date as PostgreSQL reads it in every session: `2024-02-29 12:00:00.000+00`, with `BC` before
 * the year 1.
 *
 * @throws InvalidInputError when it is no valid Date.
 */
export function utcText(date: Date): string {
  // A class of the caller's may override its methods, and say another time than it has.
  const time = new Date(Date.prototype.getTime.call(date));
  if (Number.isNaN(time.getTime())) throw new Fault('must be a valid Date');
  const year = time.getUTCFullYear();
  const written = String(year > 0 ? year : 1 - year).padStart(4, '0');
  // After the year: `-02-29T12:00:00.000Z`.
  const rest = time.toISOString().slice(-20, -1).replace('T', ' ');
  return `${written}${rest}+00${year > 0 ? '' : ' BC'}`;
}
