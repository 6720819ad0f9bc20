import type { SchemaDifference } from '../catalog/compare-entries.ts';
import { SchemaDriftError } from '../errors.ts';
import type { PoolExecutor } from './pool-executor.ts';
import { Database, executorOf } from './session.ts';
import { transaction } from './transaction.ts';

/**
 * Throws unless the six schemas are as the shipped migrations make them.
 *
 * @throws SchemaDriftError
 */
export async function assertSchema(executor: PoolExecutor, database: string): Promise<void> {
  // Loaded by those who ask for it.
  const { compareWithShipped } = await import('../catalog/shipped.ts');
  const differences = await transaction(
    new Database(executor, transaction),
    (tx) => compareWithShipped((text, values) => executorOf(tx).query({ text, values })),
    { isolation: 'repeatable read', accessMode: 'read only' },
  );
  if (differences.length > 0) throw schemaDiffers(database, differences);
}

const MOST_NAMED = 5;

function schemaDiffers(
  database: string,
  differences: readonly SchemaDifference[],
): SchemaDriftError {
  const named = differences.slice(0, MOST_NAMED).map(({ kind, object }) => `${kind} ${object}`);
  const rest = differences.length - named.length;
  return new SchemaDriftError(
    `database "${database}" is not as the migrations make it: ${named.join('; ')}` +
      `${rest > 0 ? `; and ${rest} more` : ''}. "azora-db status --verify" lists all, and ` +
      '"azora-db push" puts back what it can without touching a row. If a newer release migrated ' +
      'this database, only that release can tell',
    differences,
  );
}
