import type { PoolClient } from 'pg';
import { OUR_BOOKS } from '../books.ts';
import type { SchemaDifference } from '../catalog/compare-entries.ts';
import { applyStatements } from './apply-statements.ts';
import { readApplied } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { MigrationError } from './errors.ts';
import { deployLock, type MigrateOptions, migrate } from './migrate.ts';
import { readMigrations } from './migration-files.ts';
import { planMigrations } from './plan.ts';
import { planRepair } from './repair.ts';
import { findDifferences } from './status.ts';

export type PushShippedOptions = Pick<
  MigrateOptions,
  'url' | 'lockTimeoutMs' | 'lockAttempts' | 'onProgress'
>;

export interface PushedShipped {
  /** The tags of the migrations that were missing. */
  readonly applied: readonly string[];
  /** What was dropped or changed by others, and is as it was made. */
  readonly repaired: readonly SchemaDifference[];
}

/**
 * Brings a database to what the migrations of this package make, without its sources: applies those
 * that are missing, compares the catalog with the shipped one, and puts back what was dropped or
 * changed, all in one transaction. It deletes no row and no object of others. A key or an index
 * that comes back locks its table against writes while it is built.
 *
 * @throws MigrationError as `migrate` does; `PUSH_FAILED` when a newer release migrated the
 *   database; `PUSH_INCOMPLETE` when something is in the way that cannot be put right so, of which
 *   nothing was changed; `MIGRATION_FAILED` when rows break a constraint that was to come back.
 */
export async function pushShipped(options: PushShippedOptions): Promise<PushedShipped> {
  const { applied } = await migrate(options);
  const repaired = await withClient(options.url, (client) =>
    withDeployLock(client, deployLock(options), () => repair(client, options)),
  );
  return { applied, repaired };
}

async function repair(
  client: PoolClient,
  options: PushShippedOptions,
): Promise<SchemaDifference[]> {
  const { ahead } = planMigrations(readMigrations(), await readApplied(client, OUR_BOOKS));
  if (ahead.length > 0) {
    throw new MigrationError(
      'PUSH_FAILED',
      'A newer release migrated this database, and a push of this one would take that back. ' +
        'Nothing was changed: push from that release.',
    );
  }
  const differences = await findDifferences(client, { withComments: true });
  const { statements, refused } = planRepair(differences);
  if (refused.length > 0) throw notPutBack(refused, 'Nothing was changed.');
  if (statements.length === 0) return [];
  const tag = 'that puts back what was dropped or changed';
  await applyStatements(client, tag, statements, options);
  const left = await findDifferences(client, { withComments: true });
  if (left.length > 0) throw notPutBack(left, 'The rest was put back.');
  return differences;
}

const MOST_NAMED = 20;

function notPutBack(differences: readonly SchemaDifference[], rest: string): MigrationError {
  const named = differences.slice(0, MOST_NAMED).map(({ kind, object }) => `\n  ${kind} ${object}`);
  const more = differences.length - named.length;
  return new MigrationError(
    'PUSH_INCOMPLETE',
    `${rest} A push does not put this right:${named.join('')}` +
      `${more > 0 ? `\n  and ${more} more` : ''}\nThe rows of a dropped table or column are in a ` +
      'backup. Take away by hand what was added, or begin anew with `azora-db reset`.',
  );
}
