import type { PoolClient } from 'pg';
import type { SchemaDifference } from '../catalog/compare-entries.ts';
import { compareWithShipped } from '../catalog/shipped.ts';
import { requireObject } from '../require-object.ts';
import { booksOf, readApplied } from './bookkeeping.ts';
import { withClient } from './client.ts';
import { readMigrations } from './migration-files.ts';
import { type MigrationPlan, planMigrations } from './plan.ts';

/** How a database stands to the migrations. All but `deleted` and `ahead` are tags, in order. */
export interface MigrationStatus {
  /** Applied, as the files have them. */
  readonly applied: string[];
  /** What `migrate` would apply next. */
  readonly pending: string[];
  /** Older than an applied one: `migrate` refuses, drizzle-kit would skip it in silence. */
  readonly late: string[];
  /** The file changed after it was applied. */
  readonly edited: string[];
  /** Applied migrations without a file, as their `created_at`: milliseconds since 1970. */
  readonly deleted: number[];
  /** Applied by a newer release than this one, as their `created_at`: milliseconds since 1970. */
  readonly ahead: number[];
}

/** Which database is compared with which migrations. */
export interface StatusOptions {
  /** Defaults to `process.env.DATABASE_URL`. */
  readonly url?: string | undefined;
  /** Defaults to the migrations of this package. */
  readonly migrationsFolder?: string | undefined;
}

/** Compares a database with the migrations. Writes nothing, and takes no lock. */
export async function getMigrationStatus(options: StatusOptions = {}): Promise<MigrationStatus> {
  requireObject('options', options);
  const plan = await readPlan(options);
  return {
    applied: plan.applied.map(({ tag }) => tag),
    pending: plan.pending.map(({ tag }) => tag),
    late: plan.late.map(({ tag }) => tag),
    edited: plan.edited.map(({ tag }) => tag),
    deleted: plan.deleted.map(({ when }) => when),
    ahead: plan.ahead.map(({ when }) => when),
  };
}

/** The same, as the files and rows that were compared. */
export async function readPlan(options: StatusOptions): Promise<MigrationPlan> {
  const migrations = readMigrations(options.migrationsFolder);
  const books = booksOf(migrations);
  const rows = await withClient(options.url, (client) => readApplied(client, books));
  return planMigrations(migrations, rows);
}

/** The tags that `migrate` would apply, in order. Writes nothing, and takes no lock. */
export async function listPendingMigrations(options: StatusOptions = {}): Promise<string[]> {
  requireObject('options', options);
  return (await getMigrationStatus(options)).pending;
}

/** How the six schemas of a database stand to what the shipped migrations make. */
export interface SchemaVerification {
  /** True when there is no difference. */
  readonly clean: boolean;
  /** What differs, in the order of the shipped catalog. */
  readonly differences: readonly SchemaDifference[];
}

/**
 * Compares a database with the catalog that this package ships, object by object: what was dropped
 * or changed by hand or by another tool, and what somebody put in the way of its tables. Not meant
 * for a database that lacks migrations, or that a newer release migrated: there what they change
 * shows. Writes nothing and takes no lock. Every user may.
 */
export async function verifySchema(
  options: Pick<StatusOptions, 'url'> = {},
): Promise<SchemaVerification> {
  requireObject('options', options);
  const differences = await withClient(options.url, (client) => findDifferences(client));
  return { clean: differences.length === 0, differences };
}

/** The same on a connection that has no transaction open. */
export async function findDifferences(
  client: PoolClient,
  options: { withComments?: boolean } = {},
): Promise<SchemaDifference[]> {
  await client.query('begin isolation level repeatable read read only');
  const found = await compareWithShipped((text, values) => client.query(text, values), options);
  await client.query('commit');
  return found;
}
