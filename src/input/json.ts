import { z } from 'zod';
import { findTextFault } from './text-fault.ts';

/** Any value that JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** PostgreSQL and JSON.stringify both recurse, and a caller's structure may even contain itself. */
const MAX_DEPTH = 100;

type Path = readonly (string | number)[];

/** What JSON cannot say: where, and the rule that it breaks. */
class Fault extends Error {
  readonly path: Path;

  constructor(path: Path, rule: string) {
    super(rule);
    this.path = path;
  }
}

/** The most bytes of JSON that a free-form column of facts has, as metadata. */
export const MAX_JSON_BYTES = 65_536;

/** For `refine`: whether JSON has at most so many bytes as PostgreSQL prints it. */
export function withinBytes(most: number): [(value: Json) => boolean, { error: string }] {
  const error = `must be at most ${most} bytes long as JSON`;
  return [(value) => bytesOf(value, most) <= most, { error }];
}

/** As PostgreSQL prints it, with a blank after each colon and comma; stops soon after `most`. */
function bytesOf(value: Json, most: number): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value));
  if (typeof value === 'number') return digitsOf(value);
  if (typeof value !== 'object' || value === null) return String(value).length;
  let bytes = 2;
  for (const [key, item] of Object.entries(value)) {
    if (!Array.isArray(value)) bytes += Buffer.byteLength(JSON.stringify(key)) + 2;
    bytes += bytesOf(item, most) + 2;
    if (bytes > most + 2) return bytes;
  }
  return bytes === 2 ? 2 : bytes - 2;
}

/** PostgreSQL prints numbers without an exponent. */
function digitsOf(value: number): number {
  const text = String(value);
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text) ?? [];
  if (exponent === undefined) return text.length;
  const shift = Number(exponent);
  if (shift > 0) return sign.length + whole.length + shift;
  return sign.length + '0.'.length - shift + fraction.length;
}

/**
 * Any value that a jsonb column stores as it is. The result is a copy, which the caller cannot
 * change afterwards.
 */
export const json = z.unknown().transform((value, context): Json => check(value, context, copy));

/** As `json`, and an object. */
export const jsonObject = z
  .unknown()
  .transform((value, context) => check(value, context, copyObject));

function check<T>(
  value: unknown,
  context: z.RefinementCtx<unknown>,
  copyOf: (value: unknown, path: Path) => T,
): T {
  try {
    return copyOf(value, []);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    context.addIssue({ code: 'custom', path: [...error.path], message: error.message });
    return z.NEVER;
  }
}

function copy(value: unknown, path: Path): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return copyText(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Fault(path, 'must be a finite number');
    return value;
  }
  if (value === undefined) throw new Fault(path, 'is required');
  if (typeof value !== 'object') throw new Fault(path, 'must be JSON');
  if (path.length >= MAX_DEPTH) {
    throw new Fault([], `must not be nested more than ${MAX_DEPTH} deep`);
  }
  // Not map(), which would skip holes.
  if (Array.isArray(value)) return Array.from(value, (item, i) => copy(item, [...path, i]));
  return copyObject(value, path);
}

function copyObject(value: unknown, path: Path): { [key: string]: Json } {
  if (value === undefined) throw new Fault(path, 'is required');
  if (!isPlainObject(value)) {
    throw new Fault(path, path.length === 0 ? 'must be an object of JSON values' : 'must be JSON');
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [copyText(key, path), copy(item, [...path, key])]),
  );
}

function copyText(value: string, path: Path): string {
  const rule = findTextFault(value);
  if (rule !== undefined) throw new Fault(path, rule);
  return value;
}

/**
 * No class: a Date or a Map would be stored as something else than it is. Objects of another realm
 * are welcome.
 */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
