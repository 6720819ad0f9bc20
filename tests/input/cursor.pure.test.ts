import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '../../src/errors.ts';
import { defineCursor, integerText, timestampText, toPage } from '../../src/input/cursor.ts';
import { parseInput, uuid } from '../../src/input/validate.ts';

const position = z.object({ version: integerText, id: uuid });
const entries = defineCursor('entries', position);
const params = z.object({ cursor: entries.field });
const ID = '0198c5a0-7c1e-7abc-8def-0123456789ab';

function raw(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('defineCursor', () => {
  test('gives every position back, in text that is safe in a URL', () => {
    const versions = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(versions, fc.uuid(), (version, id) => {
        const cursor = entries.encode({ version, id });
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(parseInput(params, { cursor })).toEqual({ cursor: { version, id } });
      }),
    );
  });

  test('takes no cursor as the first page', () => {
    expect(parseInput(params, {})).toEqual({});
    expect(parseInput(params, { cursor: undefined }).cursor).toBeUndefined();
  });

  test.each([
    ['that is empty', ''],
    ['that is not text', 5],
    ['that is null', null],
    ['of other characters', '%%%'],
    ['that is not JSON', 'abcd'],
    ['cut short', entries.encode({ version: 5n, id: ID }).slice(0, -3)],
    ['with something behind it', `${entries.encode({ version: 5n, id: ID })}=`],
    ['of another list', defineCursor('holds', position).encode({ version: 5n, id: ID })],
    ['without a list', raw({ version: '5', id: ID })],
    ['with a field missing', raw(['entries', { version: '5' }])],
    ['with a number for a bigint', raw(['entries', { version: 5, id: ID }])],
    ['with an integer out of range', raw(['entries', { version: '9223372036854775808', id: ID }])],
    ['with SQL in it', raw(['entries', { version: '5', id: "' or true --" }])],
    ['that is far too long', 'A'.repeat(100_000)],
  ])('refuses a cursor %s', (_what, cursor) => {
    const expected = { field: 'cursor', rule: 'must be a nextCursor that this list returned' };
    expect(() => parseInput(params, { cursor })).toThrow(expect.objectContaining(expected));
  });

  test('refuses arbitrary text with nothing but InvalidInputError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json().map(raw), fc.base64String()), (cursor) => {
        expect(() => parseInput(params, { cursor })).toThrow(InvalidInputError);
      }),
    );
  });
});

describe('timestampText', () => {
  test.each([
    '2026-01-01 00:00:00+00',
    '2024-02-29 23:59:59.123456-11:30',
    '0001-01-01 00:00:00+00:19:32',
    '99999-12-31 00:00:00+14',
    'infinity',
    '-infinity',
  ])('takes what PostgreSQL prints: %s', (text) => {
    expect(timestampText.safeParse(text).success).toBe(true);
  });

  test.each([
    '',
    'now',
    '2026-01-01',
    '2026-02-29 00:00:00+00',
    '2026-13-01 00:00:00+00',
    '2026-04-31 00:00:00+00',
    '2026-01-00 00:00:00+00',
    '2026-01-01 24:00:00+00',
    '2026-01-01 00:60:00+00',
    '2026-01-01 00:00:00+16',
    '0000-01-01 00:00:00+00',
    '294276-12-31 00:00:00+00',
    '2026-01-01 00:00:00+00; select 1',
    '2026-01-01 00:00:00.1234567+00',
  ])('refuses what it does not print or cannot read: %s', (text) => {
    expect(timestampText.safeParse(text).success).toBe(false);
  });
});

describe('toPage', () => {
  const encode = (last: string) => `after ${last}`;

  test('ends with a cursor where a row more than the limit shows that there is a next page', () => {
    expect(toPage(['a', 'b', 'c'], 2, encode)).toEqual({
      items: ['a', 'b'],
      nextCursor: 'after b',
    });
  });

  test.each([[['a', 'b']], [['a']], [[]]])('has none on the last page: %j', (rows) => {
    expect(toPage(rows, 2, encode)).toEqual({ items: rows, nextCursor: null });
  });
});
