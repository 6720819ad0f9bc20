import { InvalidInputError } from './errors.ts';

/** @throws InvalidInputError that names `field`, when plain JavaScript passed something else. */
export function requireObject(field: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new InvalidInputError(field, 'must be an object');
}
