import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { serviceSchemas } from '../schema/schemas.ts';
import { applyStatements } from './apply-statements.ts';
import { readCatalog } from './catalog.ts';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { exportTables } from './drizzle-kit.ts';
import { MigrationError } from './errors.ts';
import { deployLock } from './migrate.ts';
import type { Sources } from './objects/read-sources.ts';

/** How a database differs from `src`. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Why there was nothing to compare with; null when there was. */
  readonly notCompared: string | null;
}

/** An entry of the catalog that only one of the two has. */
export interface Difference {
  readonly in: 'src' | 'database';
  readonly entry: string;
}

interface CompareParams {
  /** Of the database, outside a transaction. */
  readonly client: PoolClient;
  readonly url: string;
  readonly bin: string;
  readonly sources: Sources;
}

/**
 * Compares the whole catalog of a database with that of a new one that is made of `src`, on the
 * same server because versions print expressions differently. What others have in schemas of their
 * own does not count, nor do privileges, which are the operator's.
 */
export async function compareWithSources(params: CompareParams): Promise<Comparison> {
  const { url } = params;
  const made = await readMade(params);
  if (typeof made === 'string') return { differences: [], notCompared: made };
  const all = new Set(await readCatalog({ url }));
  const ours = await readCatalog({ url, schemas: serviceSchemas });
  const expected = new Set(made);
  const differences: Difference[] = [
    ...made.filter((entry) => !all.has(entry)).map((entry) => ({ in: 'src' as const, entry })),
    ...ours
      .filter((entry) => !expected.has(entry))
      .map((entry) => ({ in: 'database' as const, entry })),
  ];
  return {
    differences: differences.filter(({ entry }) => !entry.startsWith('grant ')),
    notCompared: null,
  };
}

/** The catalog of `src`, or why it could not be made. */
async function readMade({ client, url, bin, sources }: CompareParams): Promise<string[] | string> {
  const name = `azora_push_${randomBytes(8).toString('hex')}`;
  try {
    // Without what an administrator put into template1.
    await client.query(`create database ${name} template template0`);
  } catch (error) {
    return (error as Error).message;
  }
  try {
    const scratch = `${url}${url.includes('?') ? '&' : '?'}dbname=${name}`;
    await makeFromSources(scratch, await exportTables(bin), sources);
    return await readCatalog({ url: scratch });
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.query(`drop database if exists ${name} with (force)`);
  }
}

async function makeFromSources(url: string, tables: string, { first, objects }: Sources) {
  const steps = [...first.map(({ text }) => text), tables, ...objects.map(({ text }) => text)];
  await withClient(url, (client) =>
    withDeployLock(client, deployLock({}), () => applyStatements(client, 'src', steps, {})),
  );
}

const MAX_DIFFERENCES = 10;
const MAX_ENTRY = 200;

/** Says what of a database a push could not make equal to the sources. */
export function pushIncomplete(differences: readonly Difference[]): MigrationError {
  const shown = differences.slice(0, MAX_DIFFERENCES).map(({ in: side, entry }) => {
    const line = entry.replace(/\s+/g, ' ');
    const short = line.length > MAX_ENTRY ? `${line.slice(0, MAX_ENTRY)} ...` : line;
    return `\n  only in ${side === 'src' ? 'src' : 'the database'}: ${short}`;
  });
  const rest = differences.length - shown.length;
  return new MigrationError(
    'PUSH_INCOMPLETE',
    `The database still differs from src, in what a push does not change:${shown.join('')}` +
      `${rest > 0 ? `\n  and ${rest} more` : ''}\nCorrect these by hand and push again, or begin ` +
      'anew with `azora-db reset`. The migrations that count as applied are those of before.',
  );
}
