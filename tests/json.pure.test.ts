import { runInNewContext } from 'node:vm';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  AzoraDbError,
  ConnectError,
  type ErrorJson,
  InvalidInputError,
  type Json,
  NotFoundError,
  RetriesExhaustedError,
  RetryableError,
  SqlError,
  toJson,
} from '../src/index.ts';
import { toRejection } from '../src/queries/finance/errors.ts';

const at = new Date('2026-01-31T12:00:00.000Z');

/** What `toJson` throws for a value that it refuses. */
function refusal(value: unknown): unknown {
  try {
    toJson(value);
  } catch (error) {
    return error;
  }
  throw new Error('it was to be refused');
}

describe('toJson', () => {
  test('makes text of bigint, Date and bytes, wherever they stand', () => {
    const bytes = new Uint8Array([255, 0, 1, 2]).subarray(0, 2);
    const value = {
      amount: 2n ** 63n - 1n,
      owed: -5n,
      at,
      bytes,
      buffer: Buffer.from('hé'),
      list: [1n, [at, { deep: 0n }]],
    };
    expect(toJson(value)).toEqual({
      amount: '9223372036854775807',
      owed: '-5',
      at: '2026-01-31T12:00:00.000Z',
      bytes: '/wA=',
      buffer: Buffer.from('hé').toString('base64'),
      list: ['1', ['2026-01-31T12:00:00.000Z', { deep: '0' }]],
    });
    expect([toJson(5n), toJson(at), toJson(null), toJson(undefined)]).toEqual([
      '5',
      '2026-01-31T12:00:00.000Z',
      null,
      null,
    ]);
  });

  test('leaves what JSON has as it is, and the types say what comes out', () => {
    const plain = { a: 'x', b: 1.5, c: true, d: null, e: [1, 'y', []], 'f g': {} };
    expect(toJson(plain)).toEqual(plain);
    expect(JSON.stringify(toJson(plain))).toBe(JSON.stringify(plain));
    const page = toJson({ items: [{ amount: 1n, at, note: 'x' as string | undefined }], next: 5 });
    expectTypeOf(page).toEqualTypeOf<{
      items: { amount: string; at: string; note: string | undefined }[];
      next: number;
    }>();
    expectTypeOf(toJson(new NotFoundError('user'))).toEqualTypeOf<ErrorJson>();
    expectTypeOf(toJson({} as unknown)).toEqualTypeOf<Json>();
    expectTypeOf(toJson(null as Date | null)).toEqualTypeOf<string | null>();
  });

  test('leaves undefined out of objects, and writes null for it in lists and holes', () => {
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    expect(toJson({ a: undefined, b: [undefined, , 1n] })).toEqual({ b: [null, null, '1'] });
    expect(Object.keys(toJson({ a: undefined }))).toEqual([]);
  });

  test('changes nothing of what it is passed, frozen or not', () => {
    const value = Object.freeze({ list: Object.freeze([1n, at]), inner: { amount: 2n } });
    const copy = toJson(value);
    expect(value).toEqual({ list: [1n, at], inner: { amount: 2n } });
    expect(copy.inner).not.toBe(value.inner);
  });

  test('takes classes by their fields, and by toJSON where they have it', () => {
    class Order {
      readonly price = 5n;
      readonly #secret = 'x';
      reveal = undefined;
      get shown() {
        return this.#secret;
      }
    }
    expect(toJson(new Order())).toEqual({ price: '5' });
    expect(toJson({ url: new URL('https://example.com/') })).toEqual({
      url: 'https://example.com/',
    });
    expect(toJson({ toJSON: () => ({ amount: 1n }) })).toEqual({ amount: '1' });
    expect(toJson(Object.create(null, { a: { value: 1n, enumerable: true } }))).toEqual({ a: '1' });
  });

  test('keeps a key that JSON.parse made, such as __proto__', () => {
    const copy = toJson(JSON.parse('{"__proto__": {"admin": true}, "a": 1}'));
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect((copy as { admin?: unknown }).admin).toBeUndefined();
  });

  test('knows dates, bytes and errors of another realm', () => {
    const value = runInNewContext(
      '({ at: new Date(0), bytes: new Uint8Array([1]), list: [1n], error: new Error("hunter2") })',
    );
    expect(toJson(value)).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      bytes: 'AQ==',
      list: ['1'],
      error: { name: 'Error', code: 'UNKNOWN', message: expect.not.stringContaining('hunter2') },
    });
  });

  test('writes the same object twice, and refuses one that contains itself', () => {
    const wallet = { posted: 1n };
    expect(toJson([wallet, { wallet }])).toEqual([{ posted: '1' }, { wallet: { posted: '1' } }]);
    const ring: Record<string, unknown> = { items: [{}] };
    (ring.items as unknown[]).push({ back: ring });
    expect(refusal(ring)).toMatchObject({
      name: 'InvalidInputError',
      code: 'INVALID_INPUT',
      field: 'value.items.1.back',
      rule: 'must not contain itself',
    });
    const self = { toJSON: (): unknown => self };
    expect(refusal(self)).toMatchObject({ rule: 'must not contain itself' });
  });

  test.each([
    ['a number that is none', Number.NaN, 'must be a finite number'],
    ['infinity', -Infinity, 'must be a finite number'],
    ['a Date that is none', new Date(Number.NaN), 'must be a valid Date'],
    ['a function', () => 1, 'must be JSON, and not a function'],
    ['a symbol', Symbol('x'), 'must be JSON, and not a symbol'],
    ['a Map', new Map([['a', 1]]), 'must be JSON, and not a Map'],
    ['a Set', new Set([1]), 'must be JSON, and not a Set'],
    ['a promise', Promise.resolve(1), 'must be JSON, and not a Promise'],
    ['a list of floats', new Float64Array(1), 'must be JSON, and not a Float64Array'],
  ])('refuses %s, and names the place', (_what, value, rule) => {
    expect(refusal({ items: [{ x: value }] })).toMatchObject({
      name: 'InvalidInputError',
      field: 'value.items.0.x',
      rule,
    });
    expect(refusal(value)).toMatchObject({ field: 'value', rule });
  });

  test('refuses what is nested too deep, endless or throws when it is read', () => {
    const deep = JSON.parse(`${'['.repeat(1_001)}${']'.repeat(1_001)}`);
    expect(refusal(deep)).toMatchObject({ rule: 'must not be nested more than 1000 deep' });
    expect(toJson(deep[0])).toEqual(deep[0]);
    const endless = () => ({ toJSON: endless });
    expect(refusal(endless())).toMatchObject({ rule: 'must not be nested more than 1000 deep' });
    const trap = {
      get price() {
        throw new Error('hunter2');
      },
    };
    expect(refusal(trap)).toMatchObject({ field: 'value', rule: 'throws when it is read' });
  });
});

describe('an error', () => {
  const refused = toRejection({
    code: 'INSUFFICIENT_FUNDS',
    facts: { userId: '00000000-0000-7000-8000-00000000abcd', currency: 'ZAR', available: '7' },
    transactionId: 't',
    requested: 10n,
  });

  test('of this library is written with its facts, by JSON.stringify as by toJson', () => {
    const expected = {
      name: 'InsufficientFundsError',
      code: 'INSUFFICIENT_FUNDS',
      message: 'the wallet has less available than was requested',
      transactionId: 't',
      wallet: { userId: '00000000-0000-7000-8000-00000000abcd', currency: 'ZAR' },
      requested: '10',
      available: '7',
    };
    expect(JSON.parse(JSON.stringify(refused))).toEqual(expected);
    expect(toJson({ results: [refused] })).toEqual({ results: [expected] });
    expect(JSON.parse(JSON.stringify(new InvalidInputError('items.0', 'is required')))).toEqual({
      name: 'InvalidInputError',
      code: 'INVALID_INPUT',
      message: 'items.0 is required',
      field: 'items.0',
      rule: 'is required',
    });
  });

  test('has neither stack nor cause in its JSON, however it is wrapped', () => {
    const cause = new RetryableError('DEADLOCK', 'a deadlock was broken', { sqlState: '40P01' });
    Object.assign(cause, { query: 'select hunter2' });
    const error = new RetriesExhaustedError(3, cause);
    const text = JSON.stringify(error);
    expect(JSON.parse(text)).toEqual({
      name: 'RetriesExhaustedError',
      code: 'RETRIES_EXHAUSTED',
      message: 'the transaction failed 3 times: a deadlock was broken',
      attempts: 3,
    });
    expect(text).not.toMatch(/hunter2|stack|at .*\.ts/);
  });

  test('is written without what was attached to it and JSON cannot say', () => {
    const error = new SqlError('SQL_ERROR', 'refused', { sqlState: '22012' });
    const ring: unknown[] = [];
    ring.push(ring);
    Object.assign(error, { ring, seen: at, work: () => 1, big: [1n] });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'SqlError',
      code: 'SQL_ERROR',
      message: 'refused',
      sqlState: '22012',
      seen: '2026-01-31T12:00:00.000Z',
      big: ['1'],
    });
  });

  test('of a driver or of Drizzle becomes ours, without statement, values and password', () => {
    const server = Object.assign(new Error('duplicate key value (a@b.example)'), {
      severity: 'ERROR',
      code: '23505',
      detail: 'Key (email)=(a@b.example) already exists.',
      schema: 'shop',
      table: 'orders',
      constraint: 'orders_pkey',
    });
    const drizzle = Object.assign(new Error('Failed query: insert hunter2', { cause: server }), {
      query: 'insert hunter2',
      params: ['a@b.example'],
    });
    for (const error of [server, drizzle]) {
      const json = toJson(error);
      expect(json).toMatchObject({ code: 'CONSTRAINT_VIOLATION', constraint: 'orders_pkey' });
      expect(JSON.stringify(json)).not.toMatch(/hunter2|a@b|detail|query|params/);
    }
  });

  test('of anybody else is said to be one, and no more', () => {
    const foreign = Object.assign(new TypeError('postgresql://me:hunter2@h/d'), { url: 'hunter2' });
    const expected = {
      name: 'Error',
      code: 'UNKNOWN',
      message: 'an error that is not of @azora/db',
    };
    expect(toJson(foreign)).toEqual(expected);
    expect(toJson({ error: new AggregateError([foreign], 'hunter2') })).toEqual({
      error: expected,
    });
  });

  test('of any class is written by JSON.stringify with its name, code and message', () => {
    for (const error of [
      new AzoraDbError('UNKNOWN', 'x'),
      new ConnectError('SERVER_DOWN', 'nothing answers at h:1'),
      new NotFoundError('user', ['id']),
    ]) {
      const { name, code, message } = error;
      expect(JSON.parse(JSON.stringify({ error })).error).toMatchObject({ name, code, message });
    }
  });
});
