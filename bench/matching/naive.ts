import type { Db } from '../../src/db/connect.ts';
import { statement } from '../../src/db/statement.ts';

const SCORE = `(sum(
      (1 + js.required::int) * least(12,
        12 * marketplace.level_number(us.level) / marketplace.level_number(js.level))
    ) * 10000 / (12 * v.total_weight))::integer`;

export interface Scored {
  jobId: string;
  score: number;
}

/**
 * What a developer writes first: join, group, order. Total weights come for free from the vectors.
 */
export const joinAndGroup = statement<Scored>(
  'bench_join_and_group',
  `select js.job_id as "jobId", ${SCORE} as score
  from marketplace.user_skills us
  join marketplace.job_skills js on js.skill_id = us.skill_id
  join marketplace.job_vectors v on v.job_id = js.job_id
  where us.user_id = $1
  group by js.job_id, v.total_weight, v.posted_at
  order by score desc, v.posted_at desc, js.job_id desc
  limit 20`,
);

/**
 * GIN over the skills of each job: the jobs with the most skills in common, reranked by score. Not
 * exact.
 */
export const overlapAndRerank = statement<Scored>(
  'bench_overlap_and_rerank',
  `with held as (
    select array_agg(skill_id) as ids from marketplace.user_skills where user_id = $1
  ),
  nearest as (
    select b.job_id, b.posted_at
    from bench_job_arrays b, held
    where b.skill_ids && held.ids
    order by public.icount(b.skill_ids & held.ids)::float8 / cardinality(b.skill_ids) desc
    limit 200
  )
  select n.job_id as "jobId", marketplace.score_match($1, n.job_id) as score
  from nearest n
  order by score desc, n.posted_at desc, n.job_id desc
  limit 20`,
);

export async function prepareOverlap(
  db: Db & { $client: { query(text: string): Promise<unknown> } },
) {
  await db.$client.query(`create unlogged table bench_job_arrays as
    select v.job_id, v.posted_at,
      public.sort(array(select n >> 3 from unnest(v.needs) n)) as skill_ids
    from marketplace.job_vectors v`);
  await db.$client.query(
    `create index bench_job_arrays_idx on bench_job_arrays
     using gin (skill_ids public.gin__int_ops)`,
  );
  await db.$client.query('vacuum analyze bench_job_arrays');
}
