import { z } from 'zod';
import { InvalidInputError } from './errors.ts';
import { currencyCode, parseInput } from './input/validate.ts';
import { formatMoney, MAX_MINOR_UNITS, type MoneyFormat, parseMoney } from './money.ts';
import { UnknownCurrencyError } from './rule-errors.ts';

/** An amount in minor units: `{ amount: 1234n, currency: 'USD' }` is 12.34 dollars. */
export interface Money {
  /** In minor units, below zero for what is owed: -(2^63 - 1) to 2^63 - 1. */
  readonly amount: bigint;
  /** The code, three to eight capitals. */
  readonly currency: string;
}

/** The same for JSON, in whole units: `{ amount: '12.34', currency: 'USD' }`. */
export interface MoneyJson {
  /** Decimal text in whole units, with as many digits after the point as the currency has. */
  readonly amount: string;
  /** The code, three to eight capitals. */
  readonly currency: string;
}

/**
 * The currencies that every migrated database has. One that a platform adds is a row of
 * `currencies`; pass those rows instead then.
 */
export const platformCurrencies: readonly MoneyFormat[] = [
  { code: 'AZR', scale: 8 },
  { code: 'BTC', scale: 8 },
  { code: 'ETH', scale: 9 },
  { code: 'USD', scale: 2 },
  { code: 'ZAR', scale: 2 },
];

const minorUnits = z
  .bigint({ error: 'must be a bigint of minor units, such as 1250n' })
  .gte(-MAX_MINOR_UNITS, { error: `must be at least ${-MAX_MINOR_UNITS}` })
  .lte(MAX_MINOR_UNITS, { error: `must be at most ${MAX_MINOR_UNITS}` });
const money = z.object({ amount: minorUnits, currency: currencyCode });
const moneyJson = z.strictObject({
  amount: z.string({
    error: ({ input }) => (input === undefined ? 'is required' : 'must be decimal text, as 12.34'),
  }),
  currency: currencyCode,
});

/**
 * Money for JSON, with every digit of the currency: `{ amount: '12.30', currency: 'USD' }`. What
 * else `value` has is left out, so that a transaction or an entry can be passed. `currencies` are
 * those that there are, with their scales.
 *
 * @throws InvalidInputError if `amount` is no bigint of 8 bytes or `currency` no code
 * @throws UnknownCurrencyError if `currencies` lacks it
 */
export function moneyToJson(
  value: Money,
  currencies: readonly MoneyFormat[] = platformCurrencies,
): MoneyJson {
  const { amount, currency } = parseInput(money, value);
  return { amount: formatMoney(amount, scaleOf(currency, currencies)), currency };
}

/**
 * Money out of JSON, exact or refused: see `parseMoney` for what the amount of `value` may look
 * like. `currencies` are those that there are, with their scales; `field` is what errors call the
 * value, as `price` in `price.amount`.
 *
 * @throws InvalidInputError if it is not an amount as text with a currency code and nothing else,
 * or the amount has digits beyond the currency's scale, an exponent or more than 8 bytes hold
 * @throws UnknownCurrencyError if `currencies` lacks it
 */
export function moneyFromJson(
  value: unknown,
  currencies: readonly MoneyFormat[] = platformCurrencies,
  field = 'money',
): Money {
  const read = parseInput(z.strictObject({ [field]: moneyJson }), { [field]: value })[field];
  const { amount, currency } = read as MoneyJson;
  return { amount: parseMoney(amount, scaleOf(currency, currencies), `${field}.amount`), currency };
}

function scaleOf(currency: string, currencies: readonly MoneyFormat[]): number {
  if (!Array.isArray(currencies)) {
    throw new InvalidInputError('currencies', 'must be a list of codes with their scales');
  }
  const found = (currencies as readonly MoneyFormat[]).find(({ code }) => code === currency);
  if (found === undefined) throw new UnknownCurrencyError();
  return found.scale;
}
