import { AzoraDbError, InvalidInputError } from '../errors.ts';

/**
 * What `read` makes of something that a caller passed, which may be a Proxy or have getters that
 * throw.
 *
 * @throws InvalidInputError that names `field`, in the place of what they throw.
 */
export function guarded<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AzoraDbError) throw error;
    throw new InvalidInputError(field, 'throws when it is read');
  }
}

/**
 * A copy of options, which may have no others: a misspelt one would be a default in silence.
 *
 * @throws InvalidInputError that names the other one.
 */
export function optionsOf<T extends object, K extends keyof T & string>(
  options: T,
  names: readonly K[],
): Pick<T, K> {
  const copy = copyOf('options', options, names);
  const other = guarded('options', () => Object.keys(options)).find(
    (name) => !names.includes(name as K),
  );
  if (other !== undefined) throw new InvalidInputError(other, 'is not an option');
  return copy;
}

/** A copy of these properties, which the caller cannot change afterwards; not of own ones alone. */
export function copyOf<T extends object, K extends keyof T & string>(
  field: string,
  options: T,
  names: readonly K[],
): Pick<T, K> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidInputError(field, 'must be an object');
  }
  return Object.fromEntries(
    names.map((name) => [name, guarded(name, () => options[name])]),
  ) as unknown as Pick<T, K>;
}
