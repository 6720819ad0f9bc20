import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSkillGaps } from '../../../src/queries/marketplace/find-skill-gaps.ts';
import { matchCandidates } from '../../../src/queries/marketplace/match-candidates.ts';
import { matchJobs } from '../../../src/queries/marketplace/match-jobs.ts';
import { refreshSkillRanks } from '../../../src/queries/marketplace/refresh-skill-ranks.ts';
import { scoreMatch } from '../../../src/queries/marketplace/score-match.ts';
import { verifyJobIndex } from '../../../src/queries/marketplace/verify-job-index.ts';
import { transaction } from '../../../src/transaction.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { countGaps, type Filter, rankJobs, rankPeople, score } from './oracle.ts';
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

// The number of runs is small because a run stores a whole market and asks it a hundred questions.
const runs = { numRuns: 20, endOnFailure: true };

describe('what the searches return', () => {
  it('is what scoring every job and every person returns, on every page', async () => {
    const { db } = database;
    await fc.assert(
      fc.asyncProperty(
        market,
        fc.array(filters, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom('no ranks', 'ranks', 'half ranked'),
        // Above so many passing jobs a filter does not lead the search but is looked at on the way.
        fc.constantFrom(0, 5, 2_000),
        async ({ jobs, people }, someFilters, limit, ranks, scoreAllUpTo) => {
          await storeMarket(db, { jobs, people });
          if (ranks !== 'no ranks') await refreshSkillRanks(db, { chunkSize: 7 });
          if (ranks === 'half ranked') {
            // As in the middle of a refresh: another order is announced, and half of the jobs follow it.
            await db.$client.query(
              'update marketplace.skill_ranks set prior_rank = rank, rank = 1000 - rank',
            );
            await db.$client.query(
              `select marketplace.index_jobs(array(
                select job_id from marketplace.job_vectors where uuid_send(job_id)::text > '\\x8' or total_weight % 2 = 0
              ))`,
            );
          }
          expect(await verifyJobIndex(db)).toEqual([]);

          for (const person of people) {
            for (const { pay, ...rest } of [{ pay: undefined }, ...someFilters]) {
              const filter: Filter = { ...rest, ...pay };
              const found = await transaction(db, async (tx) => {
                await tx.execute(
                  sql`select set_config('azora_db.score_all_up_to', ${String(scoreAllUpTo)}, true)`,
                );
                return readAll((cursor) =>
                  matchJobs(tx, { userId: person.id, limit, cursor, now: NOW, ...filter }),
                );
              });
              expect(
                found.map(({ jobId, score, qualified }) => ({ jobId, score, qualified })),
              ).toEqual(rankJobs(jobs, person, filter, NOW));
            }
            const gaps = await findSkillGaps(db, { userId: person.id, limit: 100, now: NOW });
            expect(
              gaps.map(({ skillId, level, jobCount }) => ({ skillId, level, jobCount })),
            ).toEqual(countGaps(jobs, person, NOW));
          }
          for (const job of jobs.slice(0, 10)) {
            for (const options of [{}, { qualifiedOnly: true }, { verifiedOnly: true }]) {
              const found = await readAll((cursor) =>
                matchCandidates(db, { jobId: job.id, limit, cursor, ...options }),
              );
              expect(
                found.map(({ userId, score, verifiedCount, endorsementCount }) => ({
                  userId,
                  score,
                  verifiedCount,
                  endorsementCount,
                })),
              ).toEqual(rankPeople(job, people, options));
            }
            const [person] = people;
            if (person === undefined) continue;
            const pair = await scoreMatch(db, { userId: person.id, jobId: job.id });
            expect(pair.score).toBe(score(job, person.skills).score);
            expect(pair.qualified).toBe(score(job, person.skills).qualified);
          }
        },
      ),
      runs,
    );
  }, 240_000);
});
