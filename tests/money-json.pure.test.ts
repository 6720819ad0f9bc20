import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_MINOR_UNITS,
  type MoneyFormat,
  moneyFromJson,
  moneyToJson,
  platformCurrencies,
} from '../src/index.ts';

describe('moneyToJson', () => {
  test('writes every digit of the currency, and reads nothing else of a row', () => {
    expect(moneyToJson({ amount: 1234n, currency: 'USD' })).toEqual({
      amount: '12.34',
      currency: 'USD',
    });
    const entry = { id: 'x', amount: -5n, currency: 'AZR', at: new Date() };
    expect(moneyToJson(entry)).toEqual({ amount: '-0.00000005', currency: 'AZR' });
    expect(moneyToJson({ amount: 30n, currency: 'ZAR' }).amount).toBe('0.30');
  });

  test.each([
    [{ amount: 12, currency: 'USD' }, 'amount'],
    [{ amount: '12', currency: 'USD' }, 'amount'],
    [{ amount: MAX_MINOR_UNITS + 1n, currency: 'USD' }, 'amount'],
    [{ amount: 1n, currency: 'usd' }, 'currency'],
    [{ amount: 1n }, 'currency'],
    [null, ''],
  ])('refuses %o', (value, field) => {
    expect(() => moneyToJson(value as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', field }),
    );
  });
});

describe('moneyFromJson', () => {
  test('gives back what moneyToJson wrote, for every amount and currency', () => {
    const money = fc.record({
      amount: fc.bigInt({ min: -MAX_MINOR_UNITS, max: MAX_MINOR_UNITS }),
      currency: fc.constantFrom(...platformCurrencies.map(({ code }) => code)),
    });
    fc.assert(
      fc.property(money, (value) => {
        const text = JSON.stringify(moneyToJson(value));
        expect(moneyFromJson(JSON.parse(text))).toEqual(value);
      }),
    );
  });

  test('reads fewer digits than the currency has, and zeros beyond', () => {
    expect(moneyFromJson({ amount: '12.3', currency: 'USD' }).amount).toBe(1230n);
    expect(moneyFromJson({ amount: '12.3000', currency: 'USD' }).amount).toBe(1230n);
    expect(moneyFromJson({ amount: '-1', currency: 'ETH' }).amount).toBe(-1_000_000_000n);
  });

  test.each([
    ['12.345', 'has more than 2 digits after the point'],
    ['1e2', 'must be decimal text'],
    ['1E2', 'must be decimal text'],
    ['+1', 'must be decimal text'],
    ['1,234.50', 'must be decimal text'],
    ['', 'must be decimal text'],
    [' 1', 'must be decimal text'],
    ['.5', 'must be decimal text'],
    ['01', 'must be decimal text'],
    ['-0.00', 'must not be negative zero'],
    ['NaN', 'must be decimal text'],
    ['Infinity', 'must be decimal text'],
    ['0x10', 'must be decimal text'],
    ['١٢', 'must be decimal text'],
    ['12.34 USD', 'must be decimal text'],
    ['92233720368547758.08', 'must not exceed 92233720368547758.07'],
    ['9'.repeat(10_000), 'must be decimal text'],
    [12.34, 'must be decimal text'],
    [1234n, 'must be decimal text'],
    [null, 'must be decimal text'],
    [undefined, 'is required'],
  ])('refuses the amount %o', (amount, rule) => {
    expect(() => moneyFromJson({ amount, currency: 'USD' })).toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        field: 'money.amount',
        rule: expect.stringContaining(rule),
      }),
    );
  });

  test.each([
    [{ amount: '1', currency: 'usd' }, 'price.currency'],
    [{ amount: '1', currency: '__proto__' }, 'price.currency'],
    [{ amount: '1' }, 'price.currency'],
    [{ amount: '1', currency: 'USD', scale: 3 }, 'price.scale'],
    ['12.34 USD', 'price'],
    [['12.34', 'USD'], 'price'],
    [undefined, 'price'],
    [null, 'price'],
  ])('refuses %o, and calls it as it is told to', (value, field) => {
    expect(() => moneyFromJson(value, platformCurrencies, 'price')).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', field }),
    );
  });

  test('knows the currencies that it is given and no others', () => {
    const unknown = expect.objectContaining({
      name: 'UnknownCurrencyError',
      code: 'UNKNOWN_CURRENCY',
    });
    expect(() => moneyFromJson({ amount: '1', currency: 'EUR' })).toThrow(unknown);
    expect(() => moneyToJson({ amount: 1n, currency: 'EUR' })).toThrow(unknown);
    const euro: MoneyFormat[] = [{ code: 'EUR', scale: 2 }];
    expect(moneyFromJson({ amount: '1', currency: 'EUR' }, euro).amount).toBe(100n);
    expect(() => moneyToJson({ amount: 1n, currency: 'USD' }, euro)).toThrow(unknown);
    expect(() => moneyToJson({ amount: 1n, currency: 'USD' }, 'USD' as never)).toThrow(
      'currencies must be a list',
    );
  });
});
