import { InvalidInputError } from './errors.ts';
import { copyOf } from './input/guarded.ts';

/** The greatest amount, in minor units, that a `bigint` column holds. */
export const MAX_MINOR_UNITS = 2n ** 63n - 1n;

// Longer than any amount that fits, so that hostile input costs nothing.
const MAX_LENGTH = 100;

/**
 * A currency as far as writing its amounts goes: `{ code: 'ZAR', scale: 2 }`, or a row of
 * `currencies`.
 */
export interface MoneyFormat {
  /** The currency's code, such as `ZAR`; not empty. */
  readonly code: string;
  /** How many decimal digits its minor unit is, a whole number from 0 to 18: 2 for cents. */
  readonly scale: number;
}

/**
 * The amount `minor`, in minor units, as decimal text with as many digits after the point as
 * `currency` says: a scale from 0 to 18, or a currency, whose code then follows. `1234n` at 2 is
 * `12.34`, and `12.34 ZAR` for `{ code: 'ZAR', scale: 2 }`.
 *
 * @throws InvalidInputError when `minor` is no bigint, the scale is not a whole number from 0 to
 * 18, or a currency has no code.
 */
export function formatMoney(minor: bigint, currency: number | MoneyFormat): string {
  const { scale, code } = checkedFormat(currency);
  const amount = decimalText(minor, scale);
  return code === undefined ? amount : `${amount} ${code}`;
}

/**
 * The same with the digits and separators of a locale: `1234567n` at 2 in `de-DE` is `12.345,67`.
 * Exact for every amount: `Intl.NumberFormat` reads decimal text digit by digit, but would round it
 * to three digits after the point without the two limits that are set here. `minor` is in minor
 * units, and `currency` a scale from 0 to 18, or a currency, whose code follows after a no-break
 * space. `locales` are language tags, the first that is known counts.
 *
 * @throws InvalidInputError as `formatMoney` does, and when `locales` is no language tag.
 */
export function formatMoneyIn(
  locales: string | readonly string[],
  minor: bigint,
  currency: number | MoneyFormat,
): string {
  const { scale, code } = checkedFormat(currency);
  const amount = decimalText(minor, scale) as Intl.StringNumericLiteral;
  const written = numberFormat(locales, scale).format(amount);
  return code === undefined ? written : `${written}\u00a0${code}`;
}

function numberFormat(locales: string | readonly string[], scale: number): Intl.NumberFormat {
  try {
    return new Intl.NumberFormat(typeof locales === 'string' ? locales : [...locales], {
      minimumFractionDigits: scale,
      maximumFractionDigits: scale,
    });
  } catch {
    throw new InvalidInputError('locales', 'must be language tags such as de-DE');
  }
}

function decimalText(minor: bigint, scale: number): string {
  if (typeof minor !== 'bigint') throw new InvalidInputError('minor', 'must be a bigint');
  const sign = minor < 0n ? '-' : '';
  const digits = String(minor < 0n ? -minor : minor).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}

/**
 * The decimal number in `text` as an amount in minor units: `12.34` at scale 2 is `1234n`.
 * `currency` is a scale from 0 to 18, or what has one. Fewer fractional digits than the scale are
 * fine, and so are zeros beyond it. Refused: any other digit beyond the scale, exponents,
 * separators, blanks, a plus sign, leading zeros, a bare point, negative zero, currency codes, and
 * what does not fit into 8 bytes.
 *
 * @throws InvalidInputError that names `field` (default `amount`) and the rule.
 */
export function parseMoney(text: string, currency: number | MoneyFormat, field = 'amount'): bigint {
  const { scale } = checkedFormat(currency);
  if (typeof text !== 'string') throw new InvalidInputError(field, 'must be decimal text');
  const match = text.length > MAX_LENGTH ? null : /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) {
    throw new InvalidInputError(field, 'must be decimal text such as 1234.50, without separators');
  }
  const [, sign, whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(scale))) {
    throw new InvalidInputError(field, `has more than ${scale} digits after the point`);
  }
  const minor = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  if (sign === '-' && minor === 0n) throw new InvalidInputError(field, 'must not be negative zero');
  if (minor > MAX_MINOR_UNITS) {
    throw new InvalidInputError(
      field,
      `must not exceed ${formatMoney(MAX_MINOR_UNITS, scale)} at scale ${scale}`,
    );
  }
  return sign === '-' ? -minor : minor;
}

/** Read once, because what a caller passes may answer otherwise the next time. */
function checkedFormat(currency: number | MoneyFormat): { scale: number; code?: string } {
  if (typeof currency === 'number') return { scale: checkedScale(currency) };
  if (typeof currency !== 'object' || currency === null) {
    throw new InvalidInputError('currency', 'must be a scale, or a code with a scale');
  }
  const { code, scale } = copyOf('currency', currency, ['code', 'scale']);
  if (typeof code !== 'string' || code === '') {
    throw new InvalidInputError('currency.code', 'must be a currency code such as AZR');
  }
  return { scale: checkedScale(scale), code };
}

function checkedScale(scale: number): number {
  if (Number.isInteger(scale) && scale >= 0 && scale <= 18) return scale;
  throw new InvalidInputError('scale', 'must be a whole number from 0 to 18');
}
