import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { findSkillGaps } from '../../../../src/queries/marketplace/matching/find-skill-gaps.ts';
import { matchCandidates } from '../../../../src/queries/marketplace/matching/match-candidates.ts';
import { matchJobs } from '../../../../src/queries/marketplace/matching/match-jobs.ts';
import { refreshSkillRanks } from '../../../../src/queries/marketplace/matching/postings/refresh-skill-ranks.ts';
import { scoreMatch } from '../../../../src/queries/marketplace/matching/score-match.ts';
import type {
  SkillFit,
  SkillFits,
} from '../../../../src/queries/marketplace/matching/skill-fit.ts';
import { verifyJobIndex } from '../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  countGaps,
  type Filter,
  fits,
  type OracleJob,
  type OraclePerson,
  rankJobs,
  rankPeople,
  score,
} from './oracle.ts';
import { market, NOW, storeMarket } from './random-market.ts';

const database = useTestDatabase();

const filters = fc.record(
  {
    qualifiedOnly: fc.boolean(),
    remote: fc.boolean(),
    location: fc.constantFrom('cape town', 'Durban', 'Nowhere'),
    pay: fc.record(
      {
        currency: fc.constantFrom('ZAR', 'USD'),
        minSalary: fc.constantFrom(0n, 20n, 21n, 30n, 31n),
      },
      { requiredKeys: ['currency'] },
    ),
  },
  { requiredKeys: [] },
);
type Page<T> = { items: T[]; nextCursor: string | null };

async function readAll<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    expect(page.items.length).toBeGreaterThan(0);
    cursor = page.nextCursor;
  }
}

const withoutName = ({ name: _, ...fit }: SkillFit) => fit;
const toLists = ({ matched, missing, belowLevel, qualified }: SkillFits) => ({
  qualified,
  matched: matched.map(withoutName),
  missing: missing.map(withoutName),
  belowLevel: belowLevel.map(withoutName),
});

/** As in the middle of a refresh: another order is announced, and half of the jobs follow it. */
async function beginAnotherOrder(): Promise<void> {
  const { $client } = database.db;
  await $client.query('update marketplace.skill_ranks set prior_rank = rank, rank = 1000 - rank');
  await $client.query(
    `select marketplace.index_jobs(array(
      select job_id from marketplace.job_vectors where uuid_send(job_id)::text > '\\x8' or total_weight % 2 = 0
    ))`,
  );
}

/** Packs all jobs, or two of three, in blocks of this size, which packJobs would not think worth it. */
async function pack(jobs: OracleJob[], share: 'some' | 'all', blockSize: number): Promise<void> {
  const ids = jobs.filter((_, n) => share === 'all' || n % 3 > 0).map(({ id }) => id);
  for (let from = 0; from < ids.length; from += blockSize) {
    const block = ids.slice(from, from + blockSize);
    await database.db.$client.query('select marketplace.pack_block($1)', [block]);
  }
}

async function compareJobs(
  tx: Db,
  jobs: OracleJob[],
  person: OraclePerson,
  limit: number,
  filter: Filter,
) {
  const found = await readAll((cursor) =>
    matchJobs(tx, { userId: person.id, limit, cursor, now: NOW, ...filter }),
  );
  expect(
    found.map((match) => ({ jobId: match.jobId, score: match.score, ...toLists(match) })),
  ).toEqual(rankJobs(jobs, person, filter, NOW));
}

async function compareGaps(tx: Db, jobs: OracleJob[], person: OraclePerson) {
  const gaps = await findSkillGaps(tx, { userId: person.id, limit: 100, now: NOW });
  expect(
    gaps.map(({ skillId, level, heldLevel, jobCount, examples }) => ({
      skillId,
      level,
      heldLevel,
      jobCount,
      examples: examples.map(({ jobId }) => jobId),
    })),
  ).toEqual(
    countGaps(jobs, person, NOW)
      .slice(0, 100)
      .map((gap) => ({
        ...gap,
        heldLevel: person.skills.find(({ skillId }) => skillId === gap.skillId)?.level ?? null,
      })),
  );
}

async function comparePeople(tx: Db, job: OracleJob, people: OraclePerson[], limit: number) {
  for (const qualifiedOnly of [false, true]) {
    for (const verifiedOnly of [false, true]) {
      const options = { qualifiedOnly, verifiedOnly };
      const found = await readAll((cursor) =>
        matchCandidates(tx, { jobId: job.id, limit, cursor, ...options }),
      );
      expect(
        found.map((match) => ({
          userId: match.userId,
          score: match.score,
          ...toLists(match),
          verifiedCount: match.verifiedCount,
          endorsementCount: match.endorsementCount,
        })),
      ).toEqual(rankPeople(job, people, options));
    }
  }
}

// The number of runs is small because a run stores a whole market and asks it a hundred questions.
const runs = { numRuns: 18, endOnFailure: true };
const sizeClasses = new Set<number>();

describe('what the searches return', () => {
  it('is what scoring every job and every person returns, on every page', async () => {
    const { db } = database;
    await fc.assert(
      fc.asyncProperty(
        market,
        fc.array(filters, { minLength: 2, maxLength: 2 }),
        fc.integer({ min: 2, max: 20 }),
        fc.constantFrom('no ranks', 'ranks', 'half ranked'),
        // Above so many passing jobs a filter does not lead the search but is looked at on the way.
        fc.constantFrom(0, 5, 2_000),
        fc.constantFrom<('some' | 'all' | undefined)[]>(undefined, 'some', 'all'),
        fc.constantFrom(2, 30),
        async ({ jobs, people }, someFilters, limit, ranks, scoreAllUpTo, packed, blockSize) => {
          await storeMarket(db, { jobs, people });
          if (ranks !== 'no ranks') await refreshSkillRanks(db, { chunkSize: 20 });
          if (packed !== undefined) await pack(jobs, packed, blockSize);
          if (ranks === 'half ranked') await beginAnotherOrder();
          expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
          const { rows } = await db.$client.query(
            'select distinct size_class from marketplace.skill_postings',
          );
          for (const { size_class: size } of rows) sizeClasses.add(size);

          await transaction(db, async (tx) => {
            await tx.execute(
              sql`select set_config('azora_db.score_all_up_to', ${String(scoreAllUpTo)}, true)`,
            );
            for (const person of people) {
              for (const { pay, ...rest } of [{ pay: undefined }, ...someFilters]) {
                await compareJobs(tx, jobs, person, limit, { ...rest, ...pay });
              }
              await compareGaps(tx, jobs, person);
            }
            for (const job of jobs.slice(0, 8)) {
              await comparePeople(tx, job, people, limit);
              const [person] = people;
              if (person === undefined) continue;
              const pair = await scoreMatch(tx, { userId: person.id, jobId: job.id });
              const { score: wanted, qualified } = score(job, person.skills);
              expect({ score: pair.score, ...toLists(pair) }).toEqual({
                score: wanted,
                qualified,
                ...fits(job, person.skills),
              });
            }
          });
        },
      ),
      runs,
    );
    expect([...sizeClasses].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  }, 240_000);
});
