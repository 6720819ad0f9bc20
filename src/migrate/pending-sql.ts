import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMigrationsFolder } from '../journal.ts';
import { assertConsistent } from './errors.ts';
import { readPlan } from './status.ts';

/**
 * The files that `migrate` would apply, in its order, with their text. Writes nothing, and takes no
 * lock.
 *
 * @throws MigrationError where `migrate` would refuse.
 */
export async function readPendingSql(options: {
  url: string;
  allowLate: boolean;
}): Promise<{ file: string; sql: string }[]> {
  const plan = await readPlan({ url: options.url });
  assertConsistent(plan, { allowLate: options.allowLate });
  return [...plan.late, ...plan.pending].map(({ tag }) => {
    const file = `${tag}.sql`;
    const text = readFileSync(join(defaultMigrationsFolder(), file), 'utf8');
    return { file, sql: text.replace(/^\ufeff/, '') };
  });
}
