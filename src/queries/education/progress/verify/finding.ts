import type { Finding } from '../../../finding.ts';

/**
 * What is wrong: a module's progress, an enrollment, a published completion, the streak days, a
 * course's counters.
 */
export type ProgressFindingKind = 'module' | 'enrollment' | 'completion' | 'streak' | 'statistics';

export type ProgressFinding = Finding<ProgressFindingKind>;

/** The column `keys` of findings, from the columns that it is made of. */
export function keysOf(...columns: string[]): string {
  const pairs = columns.map((column) => `'${column.replace('_id', 'Id')}', ${column}`);
  return `json_build_object(${pairs.join(', ')}) as keys`;
}
