import { types as kinds } from 'node:util';
import { z } from 'zod';
import { InvalidInputError } from '../errors.ts';
import { MAX_MINOR_UNITS } from '../money.ts';
import { guarded } from './guarded.ts';
import { findTextFault } from './text-fault.ts';

/**
 * Checks what a caller passed, and returns it as the schema makes it (defaults filled in, ids in
 * lower case). A schema that only one function needs comes as what makes it, when first needed: to
 * make all of them would be a third of what it takes to load the library.
 *
 * @throws InvalidInputError for the first issue: its `field` is the path, its `rule` says what must
 * hold. Neither holds a value of the input.
 */
export function parseInput<S extends z.ZodType>(input: S | (() => S), value: unknown): z.output<S> {
  const result = readWith(typeof input === 'function' ? schemaOf(input) : input, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  throw new InvalidInputError([...path, ...unknownKey].join('.'), issue?.message ?? 'is invalid');
}

const schemas = new WeakMap<() => z.ZodType, z.ZodType>();

function schemaOf<S extends z.ZodType>(make: () => S): S {
  let schema = schemas.get(make) as S | undefined;
  if (schema === undefined) {
    schema = make();
    schemas.set(make, schema);
  }
  return schema;
}

function readWith<S extends z.ZodType>(schema: S, value: unknown) {
  // To zod these are objects without a key: `listJobs(db, new Date())` would list all jobs.
  if (schema instanceof z.ZodObject && isOtherKind(value)) {
    throw new InvalidInputError('', 'must be an object');
  }
  return guarded('', () => {
    try {
      return schema.safeParse(value, parseContext);
    } catch (error) {
      // Which of the parameters it was, if it was one: each is read by itself.
      const all = value as Record<string, unknown>;
      for (const name of Object.keys(all)) guarded(name, () => all[name]);
      throw error;
    }
  });
}

function isOtherKind(value: unknown): boolean {
  return kinds.isDate(value) || kinds.isMap(value) || kinds.isSet(value) || kinds.isPromise(value);
}

// A message that a schema brings wins over these.
const parseContext = { error: ruleFor };

function ruleFor(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${withArticle(issue.expected)}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return bounded(issue, issue.inclusive === false ? 'greater than' : 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return `must be a valid ${issue.format}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return issue.input === undefined
        ? 'is required'
        : `must be one of: ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return 'is not known here';
    default:
      return 'is invalid';
  }
}

function withArticle(type: string): string {
  const name = type === 'int' ? 'whole number' : type;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

function bounded({ origin }: { origin?: unknown }, how: string, bound: number | bigint): string {
  if (origin === 'string') return `must be ${how} ${bound} characters long`;
  const isCollection = origin === 'array' || origin === 'set';
  return `must be ${how} ${bound}${isCollection ? ' items long' : ''}`;
}

/** An id: any UUID of RFC 9562 in its text form, returned in lower case as PostgreSQL prints it. */
export const uuid = z.guid({ error: givenOr('must be a UUID') }).toLowerCase();

/** The code of a currency, such as `AZR`. Whether it exists is for the query to find out. */
export const currencyCode = z
  .string({ error: givenOr('must be a currency code such as AZR') })
  .regex(/^[A-Z]{3,8}$/, { error: 'must be a currency code such as AZR' });

/**
 * An amount of money in minor units: a bigint above zero that fits into 8 bytes. No number, no
 * text.
 */
export const amount = z
  .bigint({ error: givenOr('must be a bigint of minor units, such as 1250n') })
  .gt(0n, { error: 'must be greater than 0' })
  .lte(MAX_MINOR_UNITS, { error: `must be at most ${MAX_MINOR_UNITS}` });

const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A point in time, as a valid Date from the year 1 to `last`. The result is a plain copy, which the
 * caller cannot change afterwards.
 */
export function instantUntil(last: number, lateRule: string) {
  return z.transform((value: Date, context): Date => {
    // Not by its own methods, which a class of the caller's may override.
    const time = kinds.isDate(value) ? Date.prototype.getTime.call(value) : Number.NaN;
    let rule: string | undefined;
    if (value === undefined) rule = 'is required';
    else if (Number.isNaN(time)) rule = 'must be a valid Date';
    else if (time < FIRST_INSTANT) rule = 'must not be before the year 1';
    else if (time > last) rule = lateRule;
    if (rule === undefined) return new Date(time);
    context.issues.push({ code: 'custom', message: rule, input: value });
    return z.NEVER;
  });
}

/** A point in time between the years 1 and 9999. */
export const instant = instantUntil(LAST_INSTANT, 'must not be after the year 9999');

/**
 * The schema that `choose` picks for an input. Unlike a union it says what is wrong with the input,
 * and tries only one. An input for which there is no schema breaks `rule`.
 */
export function chosen<S extends z.ZodType>(
  choose: (value: unknown) => S | undefined,
  rule: string,
) {
  const error = givenOr(rule);
  return z.transform((value: unknown, context): z.output<S> => {
    const result = choose(value)?.safeParse(value, parseContext);
    if (result?.success) return result.data;
    const issues = result?.error.issues ?? [
      { code: 'custom' as const, path: [], message: error({ input: value }) },
    ];
    context.issues.push(...issues.map((issue) => ({ ...issue, input: undefined })));
    return z.NEVER;
  });
}

/** Text of `min` to `max` characters, which PostgreSQL can store as it is. */
export function text({ min = 1, max }: { min?: number; max: number }) {
  return z
    .string()
    .min(min)
    .max(max)
    .superRefine((value, context) => {
      const rule = findTextFault(value);
      if (rule !== undefined) context.addIssue({ code: 'custom', message: rule });
    });
}

/** The size of a page: 1 to `max`, and `fallback` when not given. */
export function limit({ max = 100, fallback = 20 }: { max?: number; fallback?: number } = {}) {
  const rule = `must be a whole number from 1 to ${max}`;
  return z.int({ error: rule }).min(1, { error: rule }).max(max, { error: rule }).default(fallback);
}

function givenOr(rule: string) {
  return (issue: { readonly input?: unknown }) =>
    issue.input === undefined ? 'is required' : rule;
}
