import { existsSync } from 'node:fs';
import { importEsco } from '../../src/esco/index.ts';
import { packJobs } from '../../src/queries/marketplace/index.ts';
import type { BenchDatabase } from '../lib/server.ts';

export const SIZES = [5, 15, 30, 60] as const;
const ZIPF_SKILLS = 5_000;
const SALARY_STEPS = 1_000_000;
/** Of the salaries, one in 10,000 reaches this; of the jobs, one in 10,000 is at each place. */
export const RARE_SALARY = BigInt(SALARY_STEPS - SALARY_STEPS / 10_000);
const PLACES = 10_000;

export type Source = 'esco' | 'zipf';

const sqlId = (kind: number, n: string) =>
  `('0000000${kind}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
export const userId = (n: number) =>
  `00000001-0000-7000-8000-${(n + 1_000).toString(16).padStart(12, '0')}`;
export const jobId = (n: number) => `00000002-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const place = (n: number) => `Place ${n % PLACES}`;

/** The folder of the classification's files, if it is told. */
export function escoFolder(): string | undefined {
  const folder = process.env.ESCO_FOLDER;
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/**
 * A job asks for most of an occupation's essential skills and a few optional ones: about 15. The condition names the job
 * because it would be decided once for each occupation otherwise, and all of its jobs ask for the same.
 */
const escoJobSkills = (from: string, to: string) => `
  select ${sqlId(2, 'j.n')}, os.skill_id, ${level()}, os.essential and random() < 0.9
  from (
    select n, (array(select id from marketplace.occupations order by id))[1 + floor(random() * (select count(*) from marketplace.occupations))::integer] as occupation_id
    from generate_series(${from}, ${to}) n
  ) j
  join marketplace.occupation_skills os on os.occupation_id = j.occupation_id
  where random() + j.n * 0 < case when os.essential then 0.6 else 0.1 end`;

/** Three to eight skills, the n-th most common as often as 1 / n. */
const zipfJobSkills = (from: string, to: string) => `
  select distinct on (j.n, s.skill_id) ${sqlId(2, 'j.n')}, s.skill_id, ${level()}, random() < 0.7
  from (select n, 3 + floor(random() * 6)::integer as size from generate_series(${from}, ${to}) n) j
  cross join lateral (
    select floor(exp(random() * ln(${ZIPF_SKILLS}::float8)))::integer as skill_id
    from generate_series(1, j.size)
  ) s`;

/** Most skills of one occupation, then some of another, then of a third until there are enough. */
const escoUserSkills = (users: number) => `
  select ${sqlId(1, '1000 + r.n')}, r.skill_id, ${level()}, case when random() < 0.3 then now() end, floor(random() * 4)::integer
  from (
    select c.n, c.size, c.skill_id, row_number() over (partition by c.n order by min(c.priority)) as place
    from (
      select u.n, u.size, os.skill_id, o.place + case when o.place = 1 and random() < 0.8 then 0 else random() * 2 end as priority
      from (select n, (array[${SIZES}])[n % 4 + 1] as size from generate_series(0, ${users - 1}) n) u
      cross join lateral (
        select place, (array(select id from marketplace.occupations order by id))[1 + floor(random() * (select count(*) from marketplace.occupations) + u.n * 0)::integer] as id
        from generate_series(1, 3) place
      ) o
      join marketplace.occupation_skills os on os.occupation_id = o.id
    ) c
    group by c.n, c.size, c.skill_id
  ) r
  where r.place <= r.size`;

const zipfUserSkills = (users: number) => `
  select distinct on (u.n, s.skill_id) ${sqlId(1, '1000 + u.n')}, s.skill_id, ${level()}, case when random() < 0.3 then now() end, floor(random() * 4)::integer
  from (select n, (array[${SIZES}])[n % 4 + 1] as size from generate_series(0, ${users - 1}) n) u
  cross join lateral (
    select skill_id
    from (
      select distinct floor(exp(random() * ln(${ZIPF_SKILLS}::float8)))::integer as skill_id
      from generate_series(1, 3 * u.size)
    ) drawn
    order by random()
    limit u.size
  ) s`;

function level(): string {
  return `(array['BEGINNER','INTERMEDIATE','INTERMEDIATE','ADVANCED','EXPERT']::marketplace.skill_level[])[1 + floor(random() * 5)::integer]`;
}

/** How to drop the indexes of the postings, and how to make them again as the migrations did. */
const postingIndexes = `
  select
    case when conname is null
      then format('drop index marketplace.%I', indexname)
      else format('alter table marketplace.skill_postings drop constraint %I', conname)
    end as drop,
    case when conname is null
      then indexdef
      else format('alter table marketplace.skill_postings add constraint %I %s', conname, pg_get_constraintdef(oid))
    end as make
  from pg_indexes
  left join pg_constraint on conname = indexname
  where schemaname = 'marketplace'
    and tablename = 'skill_postings'`;

/**
 * Fills a database with so many jobs and a tenth as many people, and packs the jobs. Past the triggers, and with the
 * indexes of the postings made anew at the end, because row by row it would take an hour; what the triggers would have
 * kept is computed by the same functions, and `verifyJobIndex` is the proof of that.
 */
export async function fill({ db }: BenchDatabase, source: Source, jobs: number): Promise<void> {
  const folder = escoFolder();
  if (source === 'esco' && folder !== undefined) await importEsco(db, folder);
  const users = Math.round(jobs / 10);
  const client = await db.$client.connect();
  const run = (text: string) => client.query(text);
  try {
    await run('set session_replication_role = replica');
    await run('set synchronous_commit = off');
    await run('set jit = off');
    await run('select setseed(0.5)');
    if (source === 'zipf') {
      await run(`insert into marketplace.skills (id, name, category)
        select n, 'Skill ' || n, 'Zipf' from generate_series(1, ${ZIPF_SKILLS}) n`);
    }
    await run(`insert into identity.users (id, email, name)
      select ${sqlId(1, '1000 + n')}, 'person' || n || '@example.com', 'Person ' || n
      from generate_series(0, ${users - 1}) n`);
    await run(`insert into marketplace.jobs
        (id, title, description, company, location, remote, salary_max, currency, posted_at)
      select ${sqlId(2, 'n')}, 'Job ' || n, '', 'Company', 'Place ' || n % ${PLACES}, random() < 0.3,
        floor(random() * ${SALARY_STEPS})::bigint, 'ZAR', now() - random() * interval '60 days'
      from generate_series(0, ${jobs - 1}) n`);
    const jobSkills = source === 'esco' ? escoJobSkills : zipfJobSkills;
    await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
      ${jobSkills('0', String(jobs - 1))}`);
    await run(`insert into marketplace.user_skills (user_id, skill_id, level, verified_at, endorsements)
      ${source === 'esco' ? escoUserSkills(users) : zipfUserSkills(users)}`);
    await run(`insert into marketplace.skill_ranks (skill_id, rank, prior_rank)
      select skill_id, rank, rank
      from (
        select skill_id, row_number() over (order by count(*), skill_id)::integer as rank
        from marketplace.job_skills
        group by skill_id
      ) ranked`);
    await run('vacuum (analyze)');
    const step = 50_000;
    const steps = Array.from({ length: Math.ceil(jobs / step) }, (_, n) => {
      const last = Math.min((n + 1) * step, jobs) - 1;
      return `select ${sqlId(2, 'n')} as id from generate_series(${n * step}, ${last}) n`;
    });
    for (const ids of steps) {
      await run(
        `insert into marketplace.job_vectors select * from marketplace.compute_job_vectors(array(${ids}))`,
      );
    }
    await run('vacuum (analyze) marketplace.job_vectors');
    await packJobs(db);
    const { rows: indexes } = await client.query<{ drop: string; make: string }>(postingIndexes);
    for (const { drop } of indexes) await run(drop);
    for (const ids of steps) {
      await run(`insert into marketplace.skill_postings select * from marketplace.compute_postings(array(
        select id from (${ids}) all_jobs where not exists (select from marketplace.packed_jobs where job_id = id)
      ))`);
    }
    for (const { make } of indexes) await run(make);
    await run('vacuum (analyze)');
    await run('checkpoint');
  } finally {
    client.release(true);
  }
}
