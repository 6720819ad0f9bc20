import { beforeAll, describe, expect, it } from 'vitest';
import { type SeedProgress, seedLarge } from '../../seeds/large/index.ts';
import type { Db } from '../../src/db/connect.ts';
import { executorOf } from '../../src/db/session.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { fingerprints } from './fingerprints.ts';

const SCALE = 300;

/** What migrations and triggers give a time or an id of their own. */
const NOT_OF_THE_SEED = {
  'finance.currencies': ['created_at'],
  'finance.wallets': ['created_at'],
  'education.course_statistics': ['shard_id'],
  'platform.events': ['created_at'],
};

const query = async <Row>(db: Db, statement: string): Promise<Row[]> =>
  (await executorOf(db).query(statement)).rows;

describe('seedLarge on an empty database', () => {
  const database = useTestDatabase();
  const other = useTestDatabase();
  const steps: SeedProgress[] = [];
  let counts: Record<string, number>;

  beforeAll(async () => {
    const onProgress = (step: SeedProgress) => steps.push(step);
    counts = await seedLarge(database.db, { scale: SCALE, seed: 7, onProgress });
  });

  it('writes the same rows for the same seed and scale', async () => {
    const again = await seedLarge(other.db, { scale: SCALE, seed: 7 });
    expect(again).toEqual(counts);
    expect(await fingerprints(other.db, NOT_OF_THE_SEED)).toEqual(
      await fingerprints(database.db, NOT_OF_THE_SEED),
    );
  });

  it('fills every table that it counts with as many rows, and at least one a user', async () => {
    const found: Record<string, number> = {};
    for (const table of Object.keys(counts)) {
      const systemWallets = table === 'finance.wallets' ? `where kind = 'USER'` : '';
      const [row] = await query<{ count: bigint }>(
        database.db,
        `select count(*) from ${table} ${systemWallets}`,
      );
      found[table] = Number(row?.count);
    }
    expect(found).toEqual(counts);
    expect(counts['identity.users']).toBe(SCALE);
    for (const table of [
      'education.enrollments',
      'finance.transactions',
      'marketplace.user_skills',
    ]) {
      expect(counts[table]).toBeGreaterThan(SCALE);
    }
  });

  it('reports its progress up to the end', () => {
    expect(steps.map(({ done }) => done)).toEqual(
      steps.map(({ done }) => done).toSorted((a, b) => a - b),
    );
    expect(new Set(steps.map(({ phase }) => phase))).toEqual(
      new Set(['users', 'education', 'finance', 'marketplace']),
    );
    expect(steps.at(-1)).toMatchObject({ done: steps[0]?.total, phase: 'marketplace' });
  });

  it('writes nothing when it runs again', async () => {
    const before = await fingerprints(database.db);
    expect(await seedLarge(database.db, { scale: SCALE, seed: 7 })).toEqual({});
    expect(await fingerprints(database.db)).toEqual(before);
  });

  it('refuses the same seed at another scale, and writes nothing', async () => {
    const before = await fingerprints(database.db);
    for (const scale of [SCALE - 1, SCALE + 1]) {
      await expect(seedLarge(database.db, { scale, seed: 7 })).rejects.toMatchObject({
        code: 'SEED_SCALE_MISMATCH',
      });
    }
    expect(await fingerprints(database.db)).toEqual(before);
  });

  it('balances every transaction, and gives each the entries that it needs', async () => {
    const broken = await query(
      database.db,
      `select transactions.id, count(entries.*), sum(entries.amount), max(entries.amount)
       from finance.transactions
       left join finance.entries
         on entries.transaction_user_id = transactions.user_id
         and entries.transaction_id = transactions.id
         and entries.currency = transactions.currency
       group by transactions.user_id, transactions.id
       having count(entries.*) <> 2
         or sum(entries.amount) <> 0
         or max(entries.amount) <> transactions.amount`,
    );
    expect(broken).toEqual([]);
  });

  it('numbers the entries of every wallet without gaps, with the balance and in order of time', async () => {
    const broken = await query(
      database.db,
      `select *
       from (
         select
           user_id, currency, version, posted_after, recorded_at,
           row_number() over chain as place,
           sum(amount) over chain as total,
           lag(recorded_at) over chain as earlier
         from finance.entries
         window chain as (partition by user_id, currency order by version)
       ) as placed
       where version <> place
         or posted_after <> total
         or recorded_at < earlier`,
    );
    expect(broken).toEqual([]);
  });

  it('leaves every wallet, the system ones too, with the sum of its entries', async () => {
    const broken = await query(
      database.db,
      `select *
       from (
         select
           wallets.user_id, currency, wallets.posted, wallets.version as last,
           coalesce(sum(entries.amount), 0) as total, count(entries.*) as entry_count
         from finance.wallets
         left join finance.entries using (user_id, currency)
         group by wallets.user_id, currency, wallets.posted, wallets.version
       ) as sums
       where posted <> total
         or last <> entry_count`,
    );
    const [used] = await query<{ count: bigint }>(
      database.db,
      `select count(*) from finance.wallets where kind <> 'USER' and version > 0`,
    );
    expect(broken).toEqual([]);
    expect(used?.count).toBe(2n);
  });

  it('rewards each completed course once, with AZR from the mint', async () => {
    const [sums] = await query(
      database.db,
      `select
         (select count(*) from education.enrollments where status = 'COMPLETED')
           - (select count(*) from finance.mining_activities where status = 'REWARDED') as unrewarded,
         (select sum(tokens_earned) from finance.mining_activities)
           + (select posted from finance.wallets where kind = 'MINT' and currency = 'AZR') as unminted,
         (select count(*) from finance.mining_activities where rewarded_at < verified_at) as early`,
    );
    expect(sums).toEqual({ unrewarded: 0n, unminted: '0', early: 0n });
  });

  it('keeps progress equal to what the events come to', async () => {
    const broken = await query(
      database.db,
      `select *
       from (
         select
           enrollments.*,
           coalesce(sum(weight) filter (where progress.completed_at is not null), 0) as done,
           coalesce(max(events.occurred_at), enrolled_at) as latest,
           count(progress.*) - count(events.*) as without_event
         from education.enrollments
         left join education.module_progress as progress using (user_id, course_id)
         left join education.progress_events as events using (user_id, course_id, module_id)
         left join education.revision_modules using (course_id, revision, module_id)
         group by enrollments.user_id, enrollments.course_id
       ) as sums
       where done_weight <> done
         or last_activity_at <> latest
         or without_event <> 0
         or (status = 'COMPLETED') <> (done = total_weight)`,
    );
    const [counted] = await query(
      database.db,
      `select sum(active + completed + dropped) - (select count(*) from education.enrollments) as off
       from education.course_statistics`,
    );
    expect(broken).toEqual([]);
    expect(counted).toEqual({ off: '0' });
  });

  it('gives each application the score that the skills come to', async () => {
    const broken = await query(
      database.db,
      `select user_id, job_id, match_score
       from marketplace.job_applications
       where match_score <> marketplace.score_match(user_id, job_id)`,
    );
    const [range] = await query<{ highest: number }>(
      database.db,
      'select max(match_score) as highest from marketplace.job_applications',
    );
    expect(broken).toEqual([]);
    expect(range?.highest).toBeGreaterThan(5_000);
  });

  it('makes courses and skills popular by a power law', async () => {
    const shares = await query<{ what: string; share: number }>(
      database.db,
      `select what, sum(uses) filter (where place <= items * 0.1) / sum(uses)::float8 as share
       from (
         select
           what, uses,
           row_number() over (partition by what order by uses desc) as place,
           count(*) over (partition by what) as items
         from (
           select 'courses' as what, courses.id::text, count(user_id) as uses
           from education.courses
           left join education.enrollments on course_id = courses.id
           group by courses.id
           union all
           select 'skills of users', skills.id::text, count(user_id)
           from marketplace.skills
           left join marketplace.user_skills on skill_id = skills.id
           group by skills.id
         ) as used
       ) as placed
       group by what
       order by what`,
    );
    expect(shares.map(({ what }) => what)).toEqual(['courses', 'skills of users']);
    // Of 60 each; were all alike, the first six had a tenth.
    expect(shares[0]?.share).toBeGreaterThan(0.5);
    expect(shares[1]?.share).toBeGreaterThan(0.25);
  });

  it('skews what people do: many enroll in few courses, few in many; few earn much', async () => {
    const [shape] = await query<Record<string, number>>(
      database.db,
      `select
         (select percentile_disc(0.5) within group (order by count)
          from (
            select count(course_id)::int as count
            from identity.users
            left join education.enrollments on user_id = users.id
            group by users.id
          ) as counts) as median,
         (select max(count) from (
            select count(*)::int as count from education.enrollments group by user_id
          ) as counts) as most,
         (select (avg(salary_min) / percentile_disc(0.5) within group (order by salary_min))::float8
          from marketplace.jobs) as mean_to_median`,
    );
    expect(shape?.median).toBeLessThanOrEqual(2);
    expect(shape?.most).toBeGreaterThanOrEqual(8);
    expect(shape?.mean_to_median).toBeGreaterThan(1.02);
  });
});
