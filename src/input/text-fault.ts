/**
 * Why PostgreSQL would not store a text, or not as it is: it has no NUL, and a surrogate without
 * its partner is sent as U+FFFD, so that two texts could become one.
 */
export function findTextFault(value: string): string | undefined {
  if (value.includes('\0')) return 'must not contain a NUL character';
  return value.isWellFormed() ? undefined : 'must not contain half a surrogate pair';
}
