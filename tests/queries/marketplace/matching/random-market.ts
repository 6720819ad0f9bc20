import fc from 'fast-check';
import type { Db } from '../../../../src/db/session.ts';
import { LEVELS, type OracleJob, type OraclePerson } from './oracle.ts';

export interface Market {
  jobs: OracleJob[];
  people: OraclePerson[];
}

export const NOW = new Date('2026-06-01T00:00:00Z');

const COMMON = 14;
// Two crowds that fall on the same bit of a job's signature each, beside skills 1 and 2.
const COLLIDING = Array.from({ length: 15 }, (_, n) => [128 * (n + 1) + 1, 128 * (n + 1) + 2]);
const SKILL_IDS = [...Array.from({ length: COMMON }, (_, n) => n + 1), ...COLLIDING.flat()];

const level = fc.constantFrom(...LEVELS);
// Low ids more often than high ones, so that some skills are common and some rare.
const commonId = fc
  .tuple(fc.integer({ min: 1, max: COMMON }), fc.integer({ min: 1, max: COMMON }))
  .map(([a, b]) => Math.min(a, b));
const skillId = fc.oneof(
  { weight: 3, arbitrary: commonId },
  { weight: 1, arbitrary: fc.constantFrom(...SKILL_IDS) },
);

/** Mostly few skills; sometimes any number of them, up to all, for jobs of every size. */
function skillsOf<T>(
  rest: fc.Arbitrary<T>,
  most: number,
): fc.Arbitrary<({ skillId: number } & T)[]> {
  const few = fc.uniqueArray(
    fc.tuple(skillId, rest).map(([id, one]) => ({ skillId: id, ...one })),
    { selector: (skill) => skill.skillId, maxLength: most },
  );
  const many = fc
    .tuple(
      fc.shuffledSubarray(SKILL_IDS, { minLength: 4 }),
      fc.array(rest, { minLength: SKILL_IDS.length, maxLength: SKILL_IDS.length }),
    )
    .map(([ids, ones]) => ids.map((id, at) => ({ skillId: id, ...(ones[at] as T) })));
  return fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: many });
}

// Few different times, so that ties are common, and some that differ by a microsecond.
const postedAt = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 }))
  .map(([day, micros]) => `2026-05-0${day}T00:00:00.00000${micros}Z`);

// Half of the jobs are in the sample that a search guesses its least score from, which takes one in sixteen: so that
// it guesses in small markets too, and often too high.
const sampledId = fc.uuid({ version: 7 }).map((id) => `${id.slice(0, -2)}0${id.slice(-1)}`);

const job: fc.Arbitrary<OracleJob> = fc
  .record({
    id: fc.oneof(sampledId, fc.uuid({ version: 7 })),
    status: fc.constantFrom('ACTIVE', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'FILLED', 'CLOSED', 'EXPIRED'),
    deleted: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    postedAt,
    // At NOW exactly it is over.
    expiresAt: fc.constantFrom(
      null,
      null,
      NOW,
      new Date(NOW.getTime() - 1),
      new Date(NOW.getTime() + 1),
    ),
    remote: fc.boolean(),
    location: fc.constantFrom(null, 'Cape Town', 'CAPE TOWN', 'Durban'),
    currency: fc.constantFrom('ZAR', 'USD', null),
    salaryMin: fc.constantFrom(null, 10n, 20n),
    salaryMax: fc.constantFrom(null, 20n, 30n),
    skills: skillsOf(fc.record({ level, required: fc.boolean() }), 8),
  })
  // Who is nowhere is remote, and pay without a currency is none.
  .map((made) => ({
    ...made,
    remote: made.remote || made.location === null,
    ...(made.currency === null && { salaryMin: null, salaryMax: null }),
  }));

const person: fc.Arbitrary<OraclePerson> = fc.record({
  id: fc.uuid({ version: 7 }),
  skills: skillsOf(
    fc.record({ level, verified: fc.boolean(), endorsements: fc.integer({ min: 0, max: 2 }) }),
    10,
  ),
});

// One that can match in each size class of the postings, of which random ones may have no large one.
const sizedJobs = fc.tuple(
  ...[4, 12, 20, 28, 40, 60].map((weight) => {
    const requiredCount = Math.max(0, weight - SKILL_IDS.length);
    const skills = SKILL_IDS.slice(0, weight - requiredCount).map((id, at) => ({
      skillId: id,
      level: 'BEGINNER' as const,
      required: at < requiredCount,
    }));
    return job.map((made) => ({ ...made, status: 'ACTIVE' as const, deleted: false, skills }));
  }),
);

export const market: fc.Arbitrary<Market> = fc.record({
  jobs: fc
    .tuple(
      fc.uniqueArray(job, { selector: ({ id }) => id, minLength: 15, maxLength: 55 }),
      sizedJobs,
    )
    .map(([any, sized]) => [...any, ...sized]),
  people: fc.uniqueArray(person, { selector: ({ id }) => id, minLength: 4, maxLength: 10 }),
});

/** Empties the marketplace and fills it anew, by plain SQL: whole tables in one statement each. */
export async function storeMarket(db: Db & { $client: Queryable }, { jobs, people }: Market) {
  const sql = db.$client;
  await sql.query('truncate marketplace.jobs, marketplace.skills cascade');
  await sql.query('delete from identity.users');
  await sql.query(
    `insert into marketplace.skills (id, name, category)
    select n, 'skill ' || lpad(n::text, 5, '0'), 'test' from unnest($1::integer[]) n`,
    [SKILL_IDS],
  );
  await sql.query(
    `insert into identity.users (id, email, name)
    select id, id || '@example.com', 'Someone' from unnest($1::uuid[]) id`,
    [people.map(({ id }) => id)],
  );
  await sql.query(
    `insert into marketplace.user_skills (user_id, skill_id, level, verified_at)
    select s.* from jsonb_to_recordset($1) as s (
      user_id uuid, skill_id integer, level marketplace.skill_level, verified_at timestamptz
    )`,
    [
      JSON.stringify(
        people.flatMap(({ id, skills }) =>
          skills.map((skill) => ({
            user_id: id,
            skill_id: skill.skillId,
            level: skill.level,
            verified_at: skill.verified ? NOW : null,
          })),
        ),
      ),
    ],
  );
  await storeEndorsements(sql, people);
  await storeJobs(sql, jobs);
}

/** So many others as a skill has endorsements give their word for it. */
async function storeEndorsements(sql: Queryable, people: OraclePerson[]) {
  const words = people.flatMap(({ id, skills }) => {
    const others = people.filter((other) => other.id !== id);
    return skills.flatMap((skill) =>
      others.slice(0, skill.endorsements).map((other) => ({
        user_id: id,
        skill_id: skill.skillId,
        endorser_id: other.id,
      })),
    );
  });
  await sql.query(
    `insert into marketplace.skill_endorsements (user_id, skill_id, endorser_id)
    select w.* from jsonb_to_recordset($1) as w (user_id uuid, skill_id integer, endorser_id uuid)`,
    [JSON.stringify(words)],
  );
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
