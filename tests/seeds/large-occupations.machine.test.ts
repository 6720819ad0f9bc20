import { beforeAll, describe, expect, it } from 'vitest';
import { seedLarge } from '../../seeds/large/index.ts';
import type { Db } from '../../src/db/connect.ts';
import { executorOf } from '../../src/db/session.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const query = async <Row>(db: Db, statement: string): Promise<Row[]> =>
  (await executorOf(db).query(statement)).rows;

// Twelve occupations that share no skill: ten essential ones and fifteen optional ones each. The last has none essential.
async function loadOccupations(db: Db, firstId: number): Promise<void> {
  await query(
    db,
    `insert into marketplace.occupations (id, source_uri, name)
     select ${firstId} + 7 * n % 12, 'uri:o' || n, 'Occupation ' || n
     from generate_series(0, 11) n`,
  );
  await query(
    db,
    `insert into marketplace.skills (id, source_uri, name, category)
     select ${firstId} + 7 * n % 300, 'uri:s' || n, 'Skill ' || n, 'test'
     from generate_series(0, 299) n`,
  );
  await query(
    db,
    `insert into marketplace.occupation_skills (occupation_id, skill_id, essential)
     select o.id, s.id, n % 25 < 10 and n / 25 < 11
     from generate_series(0, 299) n
     join marketplace.occupations o on o.source_uri = 'uri:o' || n / 25
     join marketplace.skills s on s.source_uri = 'uri:s' || n`,
  );
  // Of no occupation, so it is never drawn.
  await query(
    db,
    `insert into marketplace.skills (id, name, category) values (${firstId} + 900, 'Own skill', 'own')`,
  );
}

const skillsOf = (db: Db) =>
  query(
    db,
    `select job_id as holder, s.name, level, required
     from marketplace.job_skills
     join marketplace.skills s on s.id = skill_id
     union all
     select user_id, s.name, level, verified_at is not null
     from marketplace.user_skills
     join marketplace.skills s on s.id = skill_id
     order by holder, name`,
  );

describe('seedLarge on a database with imported occupations', () => {
  const database = useTestDatabase();
  const other = useTestDatabase();
  let counts: Record<string, number>;

  beforeAll(async () => {
    await loadOccupations(database.db, 2_000);
    counts = await seedLarge(database.db, { scale: 300, seed: 7 });
  });

  it('lets a job ask for most essential and some optional skills of one occupation', async () => {
    const jobs = await query<Record<string, number>>(
      database.db,
      `select
         count(distinct occupation_id)::int as occupations,
         count(*) filter (where essential)::int as essential,
         count(*) filter (where not essential)::int as optional,
         count(*) filter (where not essential and required)::int as "requiredOptional",
         (select count(*)::int from marketplace.occupation_skills a
           where a.occupation_id = min(os.occupation_id) and a.essential) as of
       from marketplace.jobs j
       left join marketplace.job_skills js on js.job_id = j.id
       left join marketplace.occupation_skills os using (skill_id)
       group by j.id`,
    );
    expect(jobs).toHaveLength(counts['marketplace.jobs'] ?? 0);
    for (const { occupations, essential = 0, optional = 0, of = 0 } of jobs) {
      expect(occupations).toBe(1);
      expect(essential).toBeGreaterThanOrEqual(of / 2);
      expect(optional).toBeLessThanOrEqual(3);
      expect(essential + optional).toBeGreaterThan(0);
    }
    expect(jobs.every(({ requiredOptional }) => requiredOptional === 0)).toBe(true);
    expect(jobs.some(({ optional = 0 }) => optional > 0)).toBe(true);
    expect(jobs.some(({ essential = 0, of = 0 }) => essential < of)).toBe(true);
  });

  it('gives a person most skills of one occupation and some of another', async () => {
    const people = await query<{ shares: number[] }>(
      database.db,
      `select array_agg(held order by held desc)::int[] as shares
       from (
         select user_id, occupation_id, count(*) as held
         from marketplace.user_skills
         join marketplace.occupation_skills using (skill_id)
         group by user_id, occupation_id
       ) as counted
       group by user_id`,
    );
    expect(people).toHaveLength(300);
    for (const { shares } of people) {
      expect(shares[0]).toBeGreaterThan(25 / 2);
      expect(shares.length).toBeLessThanOrEqual(2);
      if (shares[1] !== undefined) expect(shares[1]).toBeLessThan(25 / 2);
    }
    // The same occupation can be drawn twice.
    expect(people.filter(({ shares }) => shares.length === 2).length).toBeGreaterThan(200);
  });

  it('adds no skill to the catalogue', async () => {
    expect(await query(database.db, 'select count(*)::int from marketplace.skills')).toEqual([
      { count: 301 },
    ]);
    expect(counts).not.toHaveProperty('marketplace.skills');
  });

  it('stores the score that the skills come to', async () => {
    const [stored] = await query(
      database.db,
      `select count(*) > 0 as some,
         count(*) filter (where match_score <> marketplace.score_match(user_id, job_id)) as wrong,
         max(match_score) > 5000 as high
       from marketplace.job_applications`,
    );
    expect(stored).toEqual({ some: true, wrong: 0n, high: true });
  });

  it('writes the same rows for the same seed where the ids of skills are others', async () => {
    await loadOccupations(other.db, 5_001);
    expect(await seedLarge(other.db, { scale: 300, seed: 7 })).toEqual(counts);
    expect(await skillsOf(other.db)).toEqual(await skillsOf(database.db));
    const before = await skillsOf(other.db);
    expect(await seedLarge(other.db, { scale: 300, seed: 7 })).toEqual({});
    await seedLarge(other.db, { scale: 40, seed: 8 });
    expect((await skillsOf(other.db)).length).toBeGreaterThan(before.length);
  });
});
