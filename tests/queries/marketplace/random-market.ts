import fc from 'fast-check';
import type { Db } from '../../../src/session.ts';
import { LEVELS, type OracleJob, type OraclePerson } from './oracle.ts';

export interface Market {
  jobs: OracleJob[];
  people: OraclePerson[];
}

const SKILL_COUNT = 14;
export const NOW = new Date('2026-06-01T00:00:00Z');

const level = fc.constantFrom(...LEVELS);
// Low ids more often than high ones, so that some skills are common and some rare.
const skillId = fc
  .tuple(fc.integer({ min: 1, max: SKILL_COUNT }), fc.integer({ min: 1, max: SKILL_COUNT }))
  .map(([a, b]) => Math.min(a, b));
// Few different days, so that ties are common; some have the same microsecond.
const day = fc.integer({ min: 1, max: 5 }).map((number) => new Date(Date.UTC(2026, 4, number)));

const job: fc.Arbitrary<OracleJob> = fc
  .record({
    id: fc.uuid({ version: 7 }),
    status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'FILLED', 'CLOSED', 'EXPIRED'),
    deleted: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    postedAt: day,
    // At NOW exactly it is over.
    expiresAt: fc.constantFrom(
      null,
      null,
      NOW,
      new Date(NOW.getTime() - 1),
      new Date(NOW.getTime() + 1),
    ),
    remote: fc.constant(true),
    location: fc.constantFrom(null, 'Cape Town', 'CAPE TOWN', 'Durban'),
    currency: fc.constantFrom('ZAR', 'USD'),
    salaryMin: fc.constantFrom(null, 10n, 20n),
    salaryMax: fc.constantFrom(null, 20n, 30n),
    skills: fc.uniqueArray(fc.record({ skillId, level, required: fc.boolean() }), {
      selector: (skill) => skill.skillId,
      maxLength: 8,
    }),
  })
  .chain((made) =>
    fc.boolean().map((remote) => ({ ...made, remote: remote || made.location === null })),
  );

const person: fc.Arbitrary<OraclePerson> = fc.record({
  id: fc.uuid({ version: 7 }),
  skills: fc.uniqueArray(
    fc.record({
      skillId,
      level,
      verified: fc.boolean(),
      endorsements: fc.integer({ min: 0, max: 2 }),
    }),
    { selector: (skill) => skill.skillId, maxLength: 10 },
  ),
});

export const market: fc.Arbitrary<Market> = fc.record({
  jobs: fc.uniqueArray(job, { selector: ({ id }) => id, minLength: 20, maxLength: 60 }),
  people: fc.uniqueArray(person, { selector: ({ id }) => id, minLength: 5, maxLength: 20 }),
});

/** Empties the marketplace and fills it anew, by plain SQL: whole tables in one statement each. */
export async function storeMarket(db: Db & { $client: Queryable }, { jobs, people }: Market) {
  const sql = db.$client;
  await sql.query('truncate marketplace.jobs, marketplace.skills cascade');
  await sql.query('delete from identity.users');
  await sql.query(
    `insert into marketplace.skills (id, name, category)
    select n, 'skill ' || n, 'test' from generate_series(1, $1) n`,
    [SKILL_COUNT],
  );
  await sql.query(
    `insert into identity.users (id, email, name)
    select id, id || '@example.com', 'Someone' from unnest($1::uuid[]) id`,
    [people.map(({ id }) => id)],
  );
  await sql.query(
    `insert into marketplace.user_skills (user_id, skill_id, level, verified_at, endorsements)
    select s.* from jsonb_to_recordset($1) as s (
      user_id uuid, skill_id integer, level marketplace.skill_level, verified_at timestamptz, endorsements integer
    )`,
    [
      JSON.stringify(
        people.flatMap(({ id, skills }) =>
          skills.map((skill) => ({
            user_id: id,
            skill_id: skill.skillId,
            level: skill.level,
            verified_at: skill.verified ? NOW : null,
            endorsements: skill.endorsements,
          })),
        ),
      ),
    ],
  );
  await storeJobs(sql, jobs);
}

interface Queryable {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

async function storeJobs(sql: Queryable, jobs: OracleJob[]) {
  await sql.query(
    `insert into marketplace.jobs (id, title, description, company, status, posted_at, created_at, expires_at,
      remote, location, currency, salary_min, salary_max, deleted_at)
    select j.id, 'Job', '', 'Company', j.status, j.posted_at, j.posted_at, j.expires_at, j.remote, j.location,
      j.currency, j.salary_min, j.salary_max, case when j.deleted then j.posted_at end
    from jsonb_to_recordset($1) as j (
      id uuid, status marketplace.job_status, posted_at timestamptz, expires_at timestamptz, remote boolean,
      location text, currency text, salary_min bigint, salary_max bigint, deleted boolean
    )`,
    [
      JSON.stringify(
        jobs.map((one) => ({
          id: one.id,
          status: one.status,
          posted_at: one.postedAt,
          expires_at: one.expiresAt,
          remote: one.remote,
          location: one.location,
          currency: one.currency,
          salary_min: one.salaryMin === null ? null : Number(one.salaryMin),
          salary_max: one.salaryMax === null ? null : Number(one.salaryMax),
          deleted: one.deleted,
        })),
      ),
    ],
  );
  await sql.query(
    `insert into marketplace.job_skills (job_id, skill_id, level, required)
    select s.* from jsonb_to_recordset($1) as s (
      job_id uuid, skill_id integer, level marketplace.skill_level, required boolean
    )`,
    [
      JSON.stringify(
        jobs.flatMap(({ id, skills }) =>
          skills.map((skill) => ({
            job_id: id,
            skill_id: skill.skillId,
            level: skill.level,
            required: skill.required,
          })),
        ),
      ),
    ],
  );
}
