import type { Db } from '../../src/db/connect.ts';
import { statement } from '../../src/db/statement.ts';
import { getCourseStats, listCourseProgress } from '../../src/queries/education/index.ts';
import type { Contender } from '../lib/measure.ts';

// What a developer writes first: keep what was completed, count it on every read.
const COUNTED = `select
    enrollments.user_id, enrollments.status,
    coalesce(sum(modules.weight) filter (where progress.completed_at is not null), 0) * 10000
      / sum(modules.weight) as points
  from education.enrollments
  join education.course_modules as modules
    on modules.course_id = enrollments.course_id
  left join education.module_progress as progress
    on progress.user_id = enrollments.user_id
    and progress.course_id = enrollments.course_id
    and progress.module_id = modules.id
  where enrollments.course_id = $1
  group by enrollments.user_id, enrollments.status`;

const countStats = statement(
  'count_stats',
  `select
  count(*) as enrolled,
  count(*) filter (where status = 'ACTIVE') as active,
  count(*) filter (where points = 10000) as completed,
  count(*) filter (where status = 'DROPPED') as dropped,
  floor(avg(points) filter (where status <> 'DROPPED')) as mean,
  array(select n from generate_series(0, 9) as n) as deciles
from (
  ${COUNTED}
) as counted`,
);

const countRoster = statement(
  'count_roster',
  `${COUNTED}
order by points desc, user_id desc
limit 20`,
);

const POINTS = 'done_weight::bigint * 10000 / total_weight';

const countDecile = (decile: number) => `count(*)
    filter (where status <> 'DROPPED' and least(${POINTS} / 1000, 9) = ${decile})
    as decile_${decile}`;

// The same figures from the weights that the enrollments keep, without the counters.
const aggregateStats = statement(
  'aggregate_stats',
  `select
  count(*) as enrolled,
  count(*) filter (where status = 'ACTIVE') as active,
  count(*) filter (where status = 'COMPLETED') as completed,
  count(*) filter (where status = 'DROPPED') as dropped,
  sum(${POINTS}) filter (where status <> 'DROPPED') as points,
  ${Array.from({ length: 10 }, (_, decile) => countDecile(decile)).join(',\n  ')}
from education.enrollments
where course_id = $1`,
);

/**
 * A course of half the enrollments: the library beside an aggregate, and beside counting on every
 * read.
 */
export function naiveContenders(db: Db, courseId: string): [string, Contender[]][] {
  return [
    [
      'statistics of the largest course',
      [
        { name: 'getCourseStats', operation: () => getCourseStats(db, { courseId }) },
        { name: 'aggregate over enrollments', operation: () => aggregateStats(db, [courseId]) },
        { name: 'count completed rows', operation: () => countStats(db, [courseId]) },
      ],
    ],
    [
      'roster of the largest course by progress, 20 rows',
      [
        { name: 'listCourseProgress', operation: () => listCourseProgress(db, { courseId }) },
        { name: 'count completed rows', operation: () => countRoster(db, [courseId]) },
      ],
    ],
  ];
}
