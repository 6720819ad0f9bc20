import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../src/errors.ts';
import { formatMoney, formatMoneyIn, MAX_MINOR_UNITS, parseMoney } from '../src/money.ts';

const scales = fc.integer({ min: 0, max: 18 });
const amounts = fc.bigInt({ min: -MAX_MINOR_UNITS, max: MAX_MINOR_UNITS });

describe('formatMoney', () => {
  test.each([
    [0n, 2, '0.00'],
    [5n, 2, '0.05'],
    [-5n, 2, '-0.05'],
    [1234n, 2, '12.34'],
    [1234n, 0, '1234'],
    [1n, 18, '0.000000000000000001'],
    [9223372036854775807n, 8, '92233720368.54775807'],
    [-9223372036854775808n, 0, '-9223372036854775808'],
  ])('writes %s at scale %s as %s', (minor, scale, text) => {
    expect(formatMoney(minor, scale)).toBe(text);
  });

  test('puts the code of a currency behind the amount', () => {
    expect(formatMoney(150050n, { code: 'ZAR', scale: 2 })).toBe('1500.50 ZAR');
  });

  test.each([1, 1.5, '1', null, undefined])('refuses %s, which is no bigint', (minor) => {
    expect(() => formatMoney(minor as never, 2)).toThrow(InvalidInputError);
  });

  test.each([-1, 19, 0.5, Number.NaN])('refuses the scale %s', (scale) => {
    expect(() => formatMoney(1n, scale)).toThrow('scale must be a whole number from 0 to 18');
  });
});

describe('a currency', () => {
  test.each([
    [{ scale: 2 }, 'currency.code must be a currency code such as AZR'],
    [{ code: 'AZR' }, 'scale must be a whole number from 0 to 18'],
    [null, 'currency must be a scale, or a code with a scale'],
    ['ZAR', 'currency must be a scale, or a code with a scale'],
  ])('is refused when it is %j', (currency, message) => {
    expect(() => formatMoney(5n, currency as never)).toThrow(message);
    expect(() => formatMoneyIn('en', 5n, currency as never)).toThrow(message);
    expect(() => parseMoney('5', currency as never)).toThrow(message);
  });
});

test('a currency is read once, and one that throws is refused by name', () => {
  let reads = 0;
  const currency = {
    scale: 2,
    get code() {
      reads += 1;
      return reads === 1 ? 'ZAR' : 'USD';
    },
  };
  expect(formatMoney(5n, currency)).toBe('0.05 ZAR');
  const broken = {
    code: 'ZAR',
    get scale(): number {
      throw new Error('secret');
    },
  };
  expect(() => formatMoney(5n, broken)).toThrow('scale throws when it is read');
  expect(() => parseMoney('5', broken)).toThrow(InvalidInputError);
});

describe('formatMoneyIn', () => {
  test.each([
    ['de-DE', 2512345678n, 8, '25,12345678'],
    ['en-ZA', -123456789n, 2, '-1\u00a0234\u00a0567,89'],
    ['en-US', 9223372036854775807n, 8, '92,233,720,368.54775807'],
    ['en-US', 9223372036854775807n, 0, '9,223,372,036,854,775,807'],
    ['ar-EG', 1234n, 2, '١٢٫٣٤'],
  ])('writes in %s %s at scale %s as %s', (locale, minor, scale, text) => {
    expect(formatMoneyIn(locale, minor, scale)).toBe(text);
  });

  test('keeps every digit, whatever the scale', () => {
    fc.assert(
      fc.property(amounts, scales, (minor, scale) => {
        const plain = formatMoneyIn('en-US', minor, scale).replaceAll(',', '');
        expect(plain).toBe(formatMoney(minor, scale));
      }),
    );
  });

  test('puts the code behind the amount, and refuses what is no locale', () => {
    expect(formatMoneyIn(['de'], 5n, { code: 'AZR', scale: 2 })).toBe('0,05\u00a0AZR');
    expect(() => formatMoneyIn('no locale!', 5n, 2)).toThrow(InvalidInputError);
    expect(() => formatMoneyIn(5 as never, 5n, 2)).toThrow(InvalidInputError);
  });
});

describe('parseMoney', () => {
  test('reads back whatever formatMoney wrote', () => {
    fc.assert(
      fc.property(amounts, scales, (minor, scale) => {
        expect(parseMoney(formatMoney(minor, scale), scale)).toBe(minor);
      }),
    );
  });

  test('agrees with integer arithmetic for any text that the scale holds', () => {
    const digits = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(fc.nat(), digits, digits, fc.nat(), (whole, places, spare, seed) => {
        const fraction = String(seed % 10 ** places).padStart(places, '0');
        const text = places === 0 ? `${whole}` : `${whole}.${fraction}`;
        const expected = BigInt(whole) * 10n ** BigInt(places) + BigInt(seed % 10 ** places);
        expect(parseMoney(text, places + spare)).toBe(expected * 10n ** BigInt(spare));
      }),
    );
  });

  test('refuses every text with a digit that the scale cannot hold', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 18 }), (minor, scale) => {
        fc.pre(minor % 10n !== 0n);
        expect(() => parseMoney(formatMoney(minor, scale), scale - 1)).toThrow(InvalidInputError);
      }),
    );
  });

  test.each([
    ['12', 2, 1200n],
    ['12.3', 2, 1230n],
    ['12.50000000', 2, 1250n],
    ['7.00', 0, 7n],
    ['-0.05', 2, -5n],
    ['92233720368547758.07', 2, MAX_MINOR_UNITS],
  ])('reads %s at scale %s as %s', (text, scale, minor) => {
    expect(parseMoney(text, scale)).toBe(minor);
  });

  test.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '.5',
    '5.',
    '-',
    '--1',
    '01',
    '00.1',
    '1e3',
    '1E-2',
    '0x1f',
    '1,000',
    '1 000',
    '1_000',
    '1,5',
    'NaN',
    'Infinity',
    '1.2.3',
    '12 ZAR',
    'R12',
    '١٢',
    '1'.repeat(101),
  ])('refuses the text %j', (text) => {
    expect(() => parseMoney(text, 8)).toThrow('amount must be decimal text such as 1234.50');
  });

  test.each([
    ['0.001', 2, 'amount has more than 2 digits after the point'],
    ['1.5', 0, 'amount has more than 0 digits after the point'],
    ['-0', 2, 'amount must not be negative zero'],
    ['-0.00', 2, 'amount must not be negative zero'],
    ['92233720368547758.08', 2, 'amount must not exceed 92233720368547758.07 at scale 2'],
    ['-92233720368547758.08', 2, 'amount must not exceed 92233720368547758.07 at scale 2'],
  ])('refuses %s at scale %s: %s', (text, scale, message) => {
    expect(() => parseMoney(text, scale)).toThrow(message);
  });

  test.each([12, 12n, null, undefined, ['1']])('refuses %s, which is no text', (value) => {
    expect(() => parseMoney(value as never, 2)).toThrow('amount must be decimal text');
  });

  test('names the field that it was told', () => {
    expect(() => parseMoney('x', 2, 'price')).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', field: 'price' }),
    );
  });
});
