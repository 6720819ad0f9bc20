import type { PoolClient } from 'pg';
import { PoolExecutor } from '../../src/db/pool-executor.ts';
import { type Db, executorOf } from '../../src/db/session.ts';
import { fromDriver } from '../../src/db/to-db-error.ts';
import { AzoraDbError, InvalidInputError } from '../../src/errors.ts';
import { requireObject } from '../../src/require-object.ts';
import { writeCourses } from './courses.ts';
import { writeFinance } from './finance.ts';
import { writeLearning } from './learning.ts';
import { writeMarketplace } from './marketplace.ts';
import { makePlan, type Plan, userId } from './plan.ts';
import { writeUsers } from './users.ts';
import { type SeedCounts, Writer } from './writer.ts';

export type { SeedCounts } from './writer.ts';

/** How far `seedLarge` is. */
export interface SeedProgress {
  /** What is being written. */
  phase: 'users' | 'education' | 'finance' | 'marketplace';
  /** Of `total` steps over all phases; not rows. */
  done: number;
  /** How many steps there are over all phases. */
  total: number;
}

/** How much `seedLarge` writes. */
export interface LargeSeedOptions {
  /** How many users, from 2 to 50,000,000; the other tables follow from it. */
  scale: number;
  /** From 0 to 2^31 - 1. Another number gives other rows, which live beside these. */
  seed: number;
  /** Told how far it is, after each block of rows. */
  onProgress?: ((progress: SeedProgress) => void) | undefined;
}

const FEWEST_USERS = 2;
const MOST_USERS = 50_000_000;
const MOST_SEEDS = 2_147_483_647;

const PHASES = [
  ['users', [writeUsers]],
  ['education', [writeCourses, writeLearning]],
  ['finance', [writeFinance]],
  ['marketplace', [writeMarketplace]],
] as const;

/**
 * Fills a database with `scale` users and what belongs to them: profiles, courses with modules,
 * enrollments with progress, wallets with their ledger, mining, skills, jobs and applications.
 * Returns the number of rows written to each table.
 *
 * Jobs and people are built from occupations when ESCO was imported (`importEsco`), else from a
 * power law over some skills of the seed's own: a job asks for most of an occupation's essential
 * skills and some optional ones, a person has most of one occupation's skills and some of
 * another's.
 *
 * The same seed and scale give the same rows, with occupations those of one release. They are added
 * beside what is there, of which only the system wallets change: their balance and version go on.
 * If they are there already, nothing is written and the result is empty.
 *
 * It is one transaction: an interrupted run leaves nothing and is simply started again. From the
 * finance phase on it holds the locks of the system wallets of MINT and EXTERNAL, so deposits and
 * rewards of others wait until its end. Needs one connection of the pool; memory does not grow with
 * `scale`, which is written by COPY, a thousand users at a time.
 *
 * @throws InvalidInputError when `scale` or `seed` is out of range, or `db` is an open transaction.
 * @throws AzoraDbError SEED_SCALE_MISMATCH when this seed number is there at another scale.
 */
export async function seedLarge(db: Db, options: LargeSeedOptions): Promise<SeedCounts> {
  requireObject('options', options);
  const plan = readPlan(options);
  const executor = executorOf(db);
  if (!(executor instanceof PoolExecutor)) {
    throw new InvalidInputError('db', 'must be the database, not an open transaction');
  }
  const client = await executor.checkOut();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    const counts = await write(client, plan, options.onProgress);
    await client.query('commit');
    return counts;
  } catch (error) {
    failure = fromDriver(error);
    throw failure;
  } finally {
    // A connection whose transaction failed is closed, which rolls it back.
    client.release(failure);
  }
}

async function write(
  client: PoolClient,
  plan: Plan,
  onProgress: LargeSeedOptions['onProgress'],
): Promise<SeedCounts> {
  // The statements take as long as they take; the timeouts of connect() are for services.
  await client.query(
    `set local statement_timeout = 0;
     set local lock_timeout = 0;
     set local idle_in_transaction_session_timeout = 0`,
  );
  // A second run with the same number waits here, and then finds the rows of the first.
  await client.query(`select pg_advisory_xact_lock(hashtextextended('azora-db seed large', 0))`);
  if (await isThere(client, plan)) return {};

  let phase: SeedProgress['phase'] = 'users';
  let done = 0;
  const total = 4 * plan.users + plan.courses.size + plan.jobs;
  const writer = new Writer(client, (steps) => {
    done += steps;
    onProgress?.({ phase, done, total });
  });
  for (const [name, writers] of PHASES) {
    phase = name;
    for (const writeArea of writers) await writeArea(writer, plan);
  }
  return writer.counts;
}

/** The first user's id does not depend on the scale; the last one's does. */
async function isThere(client: PoolClient, plan: Plan): Promise<boolean> {
  const first = userId(plan, 0);
  const last = userId(plan, plan.users - 1);
  const { rows } = await client.query<{ id: string }>(
    'select id from identity.users where id in ($1, $2)',
    [first, last],
  );
  const found = new Set(rows.map(({ id }) => id));
  if (!found.has(first)) return false;
  if (found.has(last)) return true;
  throw new AzoraDbError(
    'SEED_SCALE_MISMATCH',
    `the data of seed ${plan.seed} are there at another scale than ${plan.users}: use another ` +
      'seed number, or an empty database',
  );
}

function readPlan({ scale, seed }: LargeSeedOptions): Plan {
  if (!Number.isInteger(scale) || scale < FEWEST_USERS || scale > MOST_USERS) {
    throw new InvalidInputError(
      'scale',
      `must be a whole number from ${FEWEST_USERS} to ${MOST_USERS}`,
    );
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEEDS) {
    throw new InvalidInputError('seed', `must be a whole number from 0 to ${MOST_SEEDS}`);
  }
  return makePlan(scale, seed);
}
