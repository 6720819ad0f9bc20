import { existsSync } from 'node:fs';
import { importEsco } from '../../src/esco/index.ts';
import { packJobs } from '../../src/queries/marketplace/index.ts';
import type { BenchDatabase } from '../lib/server.ts';
import { type Source, writeSkillsOf, ZIPF_SKILLS } from './market.ts';

const SALARY_STEPS = 1_000_000;
/** Of the salaries, one in 10,000 reaches this; of the jobs, one in 10,000 is at each place. */
export const RARE_SALARY = BigInt(SALARY_STEPS - SALARY_STEPS / 10_000);
const PLACES = 10_000;

const sqlId = (kind: number, n: string) =>
  `('0000000${kind}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
export const place = (n: number) => `Place ${n % PLACES}`;

/** The folder of the classification's files, if it is told. */
export function escoFolder(): string | undefined {
  const folder = process.env.ESCO_FOLDER;
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}

/** How to drop the indexes of the postings, and how to make them again as they were. */
const postingIndexes = `
  select
    case when conname is null
      then format('drop index marketplace.%I', indexname)
      else format('alter table marketplace.skill_postings drop constraint %I', conname)
    end as drop,
    case when conname is null
      then indexdef
      else format(
        'alter table marketplace.skill_postings add constraint %I %s',
        conname, pg_get_constraintdef(oid)
      )
    end as make
  from pg_indexes
  left join pg_constraint on conname = indexname
  where schemaname = 'marketplace'
    and tablename = 'skill_postings'`;

/**
 * Fills a database with so many jobs and a tenth as many people, and packs the jobs. Past the
 * triggers, and with the indexes of the postings made anew at the end, because row by row it would
 * take an hour; what the triggers would have kept is computed by the same functions, and
 * `verifyJobIndex` is the proof of that.
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
      select ${sqlId(2, 'n')}, 'Job ' || n, '', 'Company', 'Place ' || n % ${PLACES},
        random() < 0.3, floor(random() * ${SALARY_STEPS})::bigint, 'ZAR',
        now() - random() * interval '60 days'
      from generate_series(0, ${jobs - 1}) n`);
    await writeSkillsOf(client, source, jobs, users);
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
      await run(`insert into marketplace.job_vectors
        select * from marketplace.compute_job_vectors(array(${ids}))`);
    }
    await run('vacuum (analyze) marketplace.job_vectors');
    await packJobs(db);
    const { rows: indexes } = await client.query<{ drop: string; make: string }>(postingIndexes);
    for (const { drop } of indexes) await run(drop);
    for (const ids of steps) {
      await run(`insert into marketplace.skill_postings
        select * from marketplace.compute_postings(array(
          select id
          from (${ids}) all_jobs
          where not exists (select from marketplace.packed_jobs where job_id = id)
        ))`);
    }
    for (const { make } of indexes) await run(make);
    await run('vacuum (analyze)');
    await run('checkpoint');
  } finally {
    client.release(true);
  }
}
