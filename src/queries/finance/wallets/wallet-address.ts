import { z } from 'zod';

// Without the flag u, or letters from beyond ASCII would pass for these in another case.
const FORM =
  /^([A-Z]{3,8})([0-9]{2})([0-9A-F]{8})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{12})$/i;

/**
 * An address as text, to owner id and currency: currency, two check digits, owner. Upper or lower
 * case and spaces between groups make no difference.
 *
 * The check digits find every single wrong character and every two that changed places; why, says
 * the database's function `wallet_address`, which computes the same.
 */
export const walletAddress = z.string().transform((address, context) => {
  const parts = FORM.exec(address.replaceAll(' ', ''));
  if (parts === null) {
    context.addIssue({
      code: 'custom',
      message: 'must be a currency code, two check digits and 32 hexadecimal digits',
    });
    return z.NEVER;
  }
  const [, code = '', given, ...groups] = parts;
  const currency = code.toUpperCase();
  if (given !== checkDigitsOf(currency + groups.join(''))) {
    context.addIssue({ code: 'custom', message: 'is mistyped: its check digits do not fit' });
    return z.NEVER;
  }
  return { owner: groups.join('-').toLowerCase(), currency };
});

/** ISO 7064 MOD 97-10, with two decimal digits for every character. */
function checkDigitsOf(characters: string): string {
  let remainder = 0;
  for (const character of characters) {
    remainder = (remainder * 100 + Number.parseInt(character, 36)) % 97;
  }
  return String(98 - ((remainder * 100) % 97)).padStart(2, '0');
}
