/**
 * Something that a verifier found stored and that cannot be, because it does not follow from what
 * it is derived from. `auditLedger`, `verifySeals`, `verifyProgress` and `verifyJobIndex` return
 * it, each with its own kinds.
 */
export interface Finding<Kind extends string = string> {
  /** What is wrong. */
  kind: Kind;
  /** Which row, by the names and values of its keys, such as `{ userId, currency, version }`. */
  keys: Record<string, string>;
  /** The column that differs, where the kind does not say it. */
  field: string | null;
  /** What it follows from, as text; null where nothing should be. */
  expected: string | null;
  /** What is stored, as text; null where it is missing. */
  actual: string | null;
}

/** What a verifier says: `clean` when it found nothing. */
export interface Verification<Kind extends string = string> {
  /** True when there are no findings. */
  clean: boolean;
  /** What was found, as the verifier orders it. */
  findings: Finding<Kind>[];
}
