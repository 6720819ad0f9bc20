import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidInputError } from '../../src/errors.ts';
import { json, jsonObject, withinBytes } from '../../src/input/json.ts';
import { parseInput, text } from '../../src/input/validate.ts';

const schema = z.strictObject({
  metadata: jsonObject.optional(),
  answers: z.array(json).optional(),
});

function refusal(value: unknown): { field: string; rule: string } {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (error instanceof InvalidInputError) return { field: error.field, rule: error.rule };
    throw error;
  }
  throw new Error('the input was expected to be refused');
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

const NUL = 'must not contain a NUL character';
const HALF = 'must not contain half a surrogate pair';
const itself: Record<string, unknown> = {};
itself.a = { itself };

describe('json', () => {
  test('is accepted as it is, and copied', () => {
    const metadata = { a: null, b: [1.5, -0, true, { c: 'é😀', '': [] }], 日本: 1e308 };
    const answers = [null, 'x', 1, [[]], { a: {} }, nested(90)];
    const parsed = parseInput(schema, { metadata, answers });
    expect(parsed).toEqual({ metadata, answers });
    metadata.b[1] = Number.NaN;
    expect(parsed.metadata?.b).toEqual([1.5, -0, true, { c: 'é😀', '': [] }]);
    expect(parseInput(schema, {})).toEqual({});
  });

  test('keeps a key that is called as the prototype is', () => {
    const metadata = JSON.parse('{"__proto__": {"a": 1}}');
    expect(JSON.stringify(parseInput(schema, { metadata }))).toBe(JSON.stringify({ metadata }));
  });

  test.each([
    [{ metadata: { x: 'a\0' } }, 'metadata.x', NUL],
    [{ metadata: { x: [1, { y: '\0' }] } }, 'metadata.x.1.y', NUL],
    [{ metadata: { x: { 'a\0': 1 } } }, 'metadata.x', NUL],
    [{ metadata: { x: '\ud800' } }, 'metadata.x', HALF],
    [{ metadata: { x: { '\udfff': 1 } } }, 'metadata.x', HALF],
    [{ metadata: { x: Number.NaN } }, 'metadata.x', 'must be a finite number'],
    [{ metadata: { x: [Number.POSITIVE_INFINITY] } }, 'metadata.x.0', 'must be a finite number'],
    [{ metadata: { x: undefined } }, 'metadata.x', 'is required'],
    [{ metadata: { x: 1n } }, 'metadata.x', 'must be JSON'],
    [{ metadata: { x: new Date(0) } }, 'metadata.x', 'must be JSON'],
    [{ metadata: { x: new Map() } }, 'metadata.x', 'must be JSON'],
    [{ metadata: { toJSON: () => 'other' } }, 'metadata.toJSON', 'must be JSON'],
    [{ metadata: itself }, 'metadata', 'must not be nested more than 100 deep'],
    [{ metadata: { a: nested(200) } }, 'metadata', 'must not be nested more than 100 deep'],
    [{ metadata: [] }, 'metadata', 'must be an object of JSON values'],
    [{ metadata: null }, 'metadata', 'must be an object of JSON values'],
    [{ metadata: 'x' }, 'metadata', 'must be an object of JSON values'],
    [{ answers: [1, undefined] }, 'answers.1', 'is required'],
    [{ answers: [{ x: ['\0'] }] }, 'answers.0.x.0', NUL],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    [{ answers: [[, 1]] }, 'answers.0.0', 'is required'],
  ])('is refused by place and rule: %o', (value, field, rule) => {
    expect(refusal(value)).toEqual({ field, rule });
  });
});

describe('text', () => {
  test.each(['\ud800', 'a\udfff', '\udc00\ud800'])(
    'refuses %j, which would be stored as another text',
    (value) => {
      expect(() => parseInput(text({ max: 9 }), value)).toThrow(HALF);
    },
  );

  test('accepts a whole surrogate pair', () => {
    expect(parseInput(text({ max: 9 }), '😀')).toBe('😀');
  });
});

describe('withinBytes', () => {
  const size = (value: unknown) => {
    let most = 0;
    while (!withinBytes(most)[0](value as never)) most += 1;
    return most;
  };

  // As `select octet_length($1::jsonb::text)` says; tests/schema/limits asks the server too.
  test.each([
    [null, 4],
    [{}, 2],
    [[], 2],
    [[1, 'é'], 9],
    [{ a: { b: [true] } }, 20],
    [1e30, 31],
    [-1.5e-10, 14],
    ['"\n', 6],
  ])('counts %j as PostgreSQL prints it: %i', (value, bytes) => {
    expect(size(value)).toBe(bytes);
  });
});
