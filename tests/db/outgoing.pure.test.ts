import { describe, expect, it } from 'vitest';
import { outgoing, utcText } from '../../src/db/outgoing.ts';
import { InvalidInputError } from '../../src/errors.ts';

const sent = (value: unknown) => outgoing('select $1', [value]).values?.[0];

function refusal(run: () => unknown) {
  try {
    run();
  } catch (error) {
    return error instanceof InvalidInputError ? `${error.field} ${error.rule}` : error;
  }
  return undefined;
}

describe('outgoing', () => {
  it.each([
    ['text', 'a"b', 'a"b'],
    ['null', null, null],
    ['undefined', undefined, null],
    ['a bigint', 9007199254740993n, '9007199254740993'],
    ['a number', 1.5, '1.5'],
    ['a boolean', false, 'false'],
    ['an object', { a: [1, null] }, '{"a":[1,null]}'],
    ['an array', ['a"\\', null, [1n]], '{"a\\"\\\\",NULL,{"1"}}'],
    ['an array of bytes', [new Uint8Array([1, 255])], '{"\\\\x01ff"}'],
    ['an array of objects', [{ a: 'b' }], '{"{\\"a\\":\\"b\\"}"}'],
    ['an array with a hole', new Array(2), '{NULL,NULL}'],
    ['bytes', new Uint8Array([1, 2]), Buffer.from([1, 2])],
    ['what converts itself', { toPostgres: (encode: (v: unknown) => unknown) => encode(2n) }, '2'],
    ['a Date', new Date('2024-02-29T12:00:00.123Z'), '2024-02-29 12:00:00.123+00'],
  ])('writes %s as pg does', (_name, value, expected) => {
    expect(sent(value)).toEqual(expected);
  });

  it.each([
    ['a symbol', Symbol('a'), 'must not be a symbol'],
    ['a function', () => 1, 'must not be a function'],
    ['an invalid Date', new Date(Number.NaN), 'must be a valid Date'],
    ['a bigint inside of JSON', { amount: 1n }, 'must not hold a bigint, which JSON has not'],
    ['an object that is no JSON', { toJSON: () => undefined }, 'must be JSON'],
    [
      'a throwing toJSON',
      {
        toJSON: () => {
          throw new Error('secret');
        },
      },
      'throws when it is written as text',
    ],
    [
      'a throwing getter',
      {
        get a() {
          throw new Error('secret');
        },
      },
      'throws when it is written as text',
    ],
    [
      'a throwing toPostgres',
      {
        toPostgres: () => {
          throw new Error('secret');
        },
      },
      'throws when it is written as text',
    ],
    ['bytes in JSON that are no text', { toPostgres: () => Symbol('a') }, 'must not be a symbol'],
  ])('refuses %s by its place', (_name, value, rule) => {
    expect(refusal(() => outgoing('select $1, $2', ['a', value]))).toBe(`$2 ${rule}`);
  });

  it('refuses what contains itself', () => {
    const array: unknown[] = [];
    array.push(array);
    const self: Record<string, unknown> = {};
    self.self = self;
    const converted: Record<string, unknown> = { toPostgres: () => converted };
    expect(refusal(() => sent(array))).toBe('$1 must not be nested more than 100 deep');
    expect(refusal(() => sent(self))).toBe('$1 throws when it is written as text');
    expect(refusal(() => sent(converted))).toBe('$1 must not be nested more than 100 deep');
  });

  it('refuses what is no statement, and more parameters than the protocol can count', () => {
    expect(refusal(() => outgoing(null as never))).toBe('text must be SQL text');
    expect(refusal(() => outgoing({ text: 5 } as never))).toBe('text must be SQL text');
    expect(refusal(() => outgoing('select', 'ab' as never))).toBe('values must be an array');
    expect(refusal(() => outgoing('select', new Array(65_536)))).toBe(
      'values must be at most 65535 items long',
    );
    expect(outgoing('select', new Array(65_535)).values).toHaveLength(65_535);
  });

  it('refuses a text or a name that the server would take for a part of one', () => {
    expect(refusal(() => outgoing('select 1\0'))).toBe('text must not contain a NUL character');
    expect(refusal(() => outgoing({ name: 'a\0b', text: 'select' }))).toBe(
      'name must not contain a NUL character',
    );
    expect(refusal(() => outgoing({ name: 5 as never, text: 'select' }))).toBe('name must be text');
  });

  it('copies what its caller could change before it is sent', () => {
    const bytes = Buffer.from('ab');
    const date = new Date(0);
    const { values } = outgoing({ text: 'select $1, $2', values: [bytes, date] });
    bytes.fill(0);
    date.setTime(1e12);
    expect(values).toEqual([Buffer.from('ab'), '1970-01-01 00:00:00.000+00']);
  });
});

describe('utcText', () => {
  it.each([
    ['0050-01-01T00:00:00.000Z', '0050-01-01 00:00:00.000+00'],
    ['0001-01-01T00:00:00.000Z', '0001-01-01 00:00:00.000+00'],
    ['0000-12-31T23:59:59.999Z', '0001-12-31 23:59:59.999+00 BC'],
    ['-000043-03-15T00:00:00.000Z', '0044-03-15 00:00:00.000+00 BC'],
    ['+012345-06-07T08:09:10.011Z', '12345-06-07 08:09:10.011+00'],
  ])('writes %s as %s', (iso, text) => {
    expect(utcText(new Date(iso))).toBe(text);
  });

  it('reads the time that a Date has, whatever its class says', () => {
    class Lying extends Date {
      override getTime() {
        return 0;
      }
      override toISOString() {
        return 'not a time';
      }
    }
    expect(utcText(new Lying('2024-01-01T00:00:00Z'))).toBe('2024-01-01 00:00:00.000+00');
  });
});
