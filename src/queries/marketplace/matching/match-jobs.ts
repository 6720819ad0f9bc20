import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, timestampText, toPage } from '../../../input/cursor.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import { type ListedJob, listedJobColumns } from '../jobs/listed-job.ts';
import { currencyMissing, hasCurrency, type JobFilters, jobFilterFields } from './job-filters.ts';
import {
  fitLister,
  type HeldLevels,
  type SkillFits,
  type SkillNames,
  scoreField,
} from './skill-fit.ts';

/** For which user, and which jobs count. */
export interface MatchJobsParams extends JobFilters, PageParams {
  /** The user: a UUID. */
  userId: string;
  /** Only jobs of which the user holds every required skill at its level. Default false. */
  qualifiedOnly?: boolean | undefined;
}

/** A job that fits a user. */
export interface JobMatch extends ListedJob, SkillFits {
  /** How well it fits: 1 to 10,000 basis points, hundredths of a percent. */
  score: number;
}

const position = z.tuple([scoreField, timestampText, uuid]);
const cursors = defineCursor('match_jobs', position);

const input = () =>
  z
    .strictObject({
      userId: uuid,
      limit: limit(),
      cursor: cursors.field,
      qualifiedOnly: z.boolean().default(false),
      ...jobFilterFields,
    })
    .refine(hasCurrency, currencyMissing);

interface Row extends Omit<JobMatch, keyof SkillFits> {
  postedText: string;
  needs: number[];
  /** Of all rows; only in the first one, as `held` is. */
  names: SkillNames | null;
  held: HeldLevels | null;
}

type Values = [
  userId: string,
  limit: number,
  qualifiedOnly: boolean,
  now: Date | null,
  remote: boolean | null,
  location: string | null,
  minSalary: bigint | null,
  currency: string | null,
  afterScore: number | null,
  afterPosted: string | null,
  afterJob: string | null,
];

// Jobs that fit the same person ask for much the same skills, so these are looked up once for the
// page: for 21 jobs of 8 skills that took 1 ms, and 5 when each job looked up its own and made a
// list of them.
const selectMatches = statement<Row, Values>(
  'select_matches',
  `with matches as materialized (
     select m.job_id, m.score, m.posted_at, m.place, v.needs
     from marketplace.match_jobs(
       $1, $2, $3,
       row(
         coalesce($4::timestamptz, statement_timestamp()), $5, $6, $7, $8, $9, $10, $11
       )::marketplace.job_filter
     ) with ordinality m (job_id, score, posted_at, place)
     join marketplace.job_vectors v on v.job_id = m.job_id
   ),
   page as (
     select (
         select json_agg(json_build_array(s.id, s.name) order by s.name collate "C", s.id)
         from (select distinct n.code >> 3 as id from matches cross join unnest(needs) n (code)) n
         join marketplace.skills s on s.id = n.id
       ) as names,
       (
         select json_object_agg(us.skill_id, us.level)
         from marketplace.user_skills us
         where us.user_id = $1
       ) as held
   )
   select j.id as "jobId", ${listedJobColumns.of('j')}, m.score,
     m.posted_at::text as "postedText", m.needs, page.names, page.held
   from matches m
   join marketplace.jobs j on j.id = m.job_id
   left join page on m.place = 1
   order by m.place`,
);

/**
 * The open jobs that fit a user's skills best, exactly: by score, then the newer, then the greater
 * id. Each comes with the skills that the user has, lacks, or holds below the job's level. A job
 * without any of the user's skills is not listed. An unknown user has no skills, and so no matches.
 *
 * What makes it fast are `marketplace.skill_postings`, kept by triggers, and the blocks of
 * packJobs: the folders `postings` and `blocks` beside this file have a page about each.
 *
 * @throws InvalidInputError
 */
export async function matchJobs(db: Db, params: MatchJobsParams): Promise<Page<JobMatch>> {
  const given = parseInput(input, params);
  const [afterScore, afterPosted, afterJob] = given.cursor ?? [null, null, null];
  const rows = await selectMatches(db, [
    given.userId,
    given.limit + 1,
    given.qualifiedOnly,
    given.now ?? null,
    given.remote ?? null,
    given.location ?? null,
    given.minSalary ?? null,
    given.currency ?? null,
    afterScore,
    afterPosted,
    afterJob,
  ]);
  const { items, nextCursor } = toPage(rows, given.limit, (last) =>
    cursors.encode([last.score, last.postedText, last.jobId]),
  );
  const listFits = fitLister(rows[0]?.names);
  const held = rows[0]?.held;
  return {
    items: items.map(({ postedText: _, needs, names: __, held: ___, ...job }) => ({
      ...job,
      ...listFits(needs, held),
    })),
    nextCursor,
  };
}
