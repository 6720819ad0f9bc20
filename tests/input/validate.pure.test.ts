import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '../../src/errors.ts';
import {
  amount,
  currencyCode,
  instant,
  limit,
  parseInput,
  text,
  uuid,
} from '../../src/input/validate.ts';

const ID = '0198c5a0-7c1e-7abc-8def-0123456789ab';

/** What `parseInput` throws for `value` under `schema`. */
function refusal(schema: z.ZodType, value: unknown): InvalidInputError {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error('the input was expected to be refused');
}

describe('parseInput', () => {
  const schema = z.object({
    userId: uuid,
    items: z.array(z.object({ amount, kind: z.enum(['a', 'b']) })).max(2),
  });

  test('returns what the schema makes of the input', () => {
    const input = { userId: ID.toUpperCase(), items: [{ amount: 5n, kind: 'a' }] };
    expect(parseInput(schema, input)).toEqual({ userId: ID, items: [{ amount: 5n, kind: 'a' }] });
  });

  test.each([
    [{}, 'userId', 'is required'],
    [null, '', 'must be an object'],
    [{ userId: ID }, 'items', 'is required'],
    [{ userId: ID, items: 'x' }, 'items', 'must be an array'],
    [
      {
        userId: ID,
        items: [
          { amount: 1n, kind: 'a' },
          { amount: 0n, kind: 'a' },
        ],
      },
      'items.1.amount',
      'must be greater than 0',
    ],
    [{ userId: ID, items: [{ amount: 1n, kind: 'c' }] }, 'items.0.kind', 'must be one of: a, b'],
    [{ userId: ID, items: [{ amount: 1n }] }, 'items.0.kind', 'is required'],
    [
      { userId: ID, items: Array(3).fill({ amount: 1n, kind: 'a' }) },
      'items',
      'must be at most 2 items long',
    ],
  ])('names the field and the rule of the first issue: %o', (input, field, rule) => {
    expect(refusal(schema, input)).toMatchObject({ code: 'INVALID_INPUT', field, rule });
  });

  test('names the first of several issues in the order of the schema', () => {
    const both = { items: 'x', userId: 'y' };
    expect(refusal(schema, both).field).toBe('userId');
  });

  test('shows no value of the input', () => {
    for (const value of [
      'secret',
      { userId: 'secret' },
      { userId: ID, items: [{ amount: 'secret' }] },
    ]) {
      expect(inspect(refusal(schema, value), { depth: Infinity, showHidden: true })).not.toContain(
        'secret',
      );
    }
  });

  test('names a key that a strict schema does not know', () => {
    const error = refusal(z.strictObject({ id: uuid }), { id: ID, idd: 'secret' });
    expect(error).toMatchObject({ field: 'idd', rule: 'is not known here' });
  });
});

describe('uuid', () => {
  test.each([
    ID,
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  ])('accepts %s, of whatever version', (id) => {
    expect(parseInput(uuid, id)).toBe(id);
    expect(parseInput(uuid, id.toUpperCase())).toBe(id);
  });

  test.each([
    '',
    ` ${ID}`,
    `${ID}\n`,
    `{${ID}}`,
    ID.replaceAll('-', ''),
    ID.slice(1),
    `${ID}0`,
    ID.replace('a', 'g'),
    5,
    null,
  ])('refuses %j', (id) => {
    expect(refusal(uuid, id).rule).toBe('must be a UUID');
  });
});

describe('amount', () => {
  test.each([1n, 2n ** 63n - 1n])('accepts %s', (value) => {
    expect(parseInput(amount, value)).toBe(value);
  });

  test.each([
    [0n, 'must be greater than 0'],
    [-1n, 'must be greater than 0'],
    [2n ** 63n, 'must be at most 9223372036854775807'],
    [1, 'must be a bigint of minor units, such as 1250n'],
    [1.5, 'must be a bigint of minor units, such as 1250n'],
    [Number.NaN, 'must be a bigint of minor units, such as 1250n'],
    ['1', 'must be a bigint of minor units, such as 1250n'],
    [null, 'must be a bigint of minor units, such as 1250n'],
    [undefined, 'is required'],
  ])('refuses %s: %s', (value, rule) => {
    expect(refusal(amount, value).rule).toBe(rule);
  });
});

describe('the other fields', () => {
  test.each(['AZR', 'USDCOIN'])('currencyCode accepts %s', (code) => {
    expect(parseInput(currencyCode, code)).toBe(code);
  });

  test.each(['', 'ZA', 'azr', 'TOOLONGCODE', 'ZA1', 'ZAR\n', 5])(
    'currencyCode refuses %j',
    (code) => {
      expect(refusal(currencyCode, code).rule).toBe('must be a currency code such as AZR');
    },
  );

  test('limit fills in its default, and keeps to 1 and its greatest', () => {
    const page = limit({ max: 50, fallback: 10 });
    expect([undefined, 1, 50].map((value) => parseInput(page, value))).toEqual([10, 1, 50]);
    for (const value of [0, 51, 1.5, '5', null, Number.NaN]) {
      expect(refusal(page, value).rule).toBe('must be a whole number from 1 to 50');
    }
  });

  test.each([
    [new Date(Number.NaN), 'must be a valid Date'],
    ['2026-01-01', 'must be a valid Date'],
    [new Date(-1e14), 'must not be before the year 1'],
    [new Date(1e15), 'must not be after the year 9999'],
    [undefined, 'is required'],
  ])('instant refuses %s: %s', (value, rule) => {
    expect(refusal(instant, value).rule).toBe(rule);
  });

  test('instant accepts a Date as it is', () => {
    const at = new Date('2026-11-22T12:00:00Z');
    expect(parseInput(instant, at)).toEqual(at);
  });

  test.each([
    ['', 'must not be empty'],
    ['abcd', 'must be at most 3 characters long'],
    ['a\0', 'must not contain a NUL character'],
    [5, 'must be a string'],
  ])('text refuses %j: %s', (value, rule) => {
    expect(refusal(text({ max: 3 }), value).rule).toBe(rule);
  });

  test('text accepts what fits', () => {
    expect(parseInput(text({ max: 3 }), 'abc')).toBe('abc');
    expect(parseInput(text({ min: 0, max: 3 }), '')).toBe('');
  });
});
