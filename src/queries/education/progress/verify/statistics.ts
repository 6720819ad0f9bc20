import { statement } from '../../../../db/statement.ts';
import { BASIS_POINTS } from '../../enrollments/enrollment.ts';
import { keysOf, type ProgressFinding } from './finding.ts';

const DECILES = Array.from({ length: 10 }, (_, decile) => decile);

const COUNTS = [
  ['active', "count(*) filter (where status = 'ACTIVE')"],
  ['completed', "count(*) filter (where status = 'COMPLETED')"],
  ['dropped', "count(*) filter (where status = 'DROPPED')"],
  ['basis_points', "coalesce(sum(points) filter (where status <> 'DROPPED'), 0)"],
  ...DECILES.map((decile) => [
    `decile_${decile}`,
    `count(*) filter (where status <> 'DROPPED' and least(points / 1000, 9) = ${decile})`,
  ]),
] as const;

const AS_FIELDS = COUNTS.map(
  ([name]) => `('${name}', coalesce(expected.${name}, 0)::text, coalesce(actual.${name}, 0)::text)`,
);

/** Compares the counters of one course, or of all, with the enrollments that they count. */
export const selectStatisticsFindings = statement<
  ProgressFinding,
  [courseId: string | null, limit: number]
>(
  'select_statistics_findings',
  `with expected as (
     select course_id,
       ${COUNTS.map(([name, count]) => `${count} as ${name}`).join(',\n         ')}
     from (
       select course_id, status, ${BASIS_POINTS} as points
       from education.enrollments
       where $1::uuid is null
         or course_id = $1
     ) as enrollments
     group by course_id
   ),
   actual as (
     select course_id,
       ${COUNTS.map(([name]) => `sum(${name}) as ${name}`).join(',\n         ')}
     from education.course_statistics
     where $1::uuid is null
       or course_id = $1
     group by course_id
   )
   select 'statistics' as kind, ${keysOf('course_id')}, fields.*
   from expected
   full join actual using (course_id)
   cross join lateral (values
     ${AS_FIELDS.join(',\n       ')}
   ) as fields (field, expected, actual)
   where fields.expected <> fields.actual
   order by course_id, field collate "C"
   limit $2`,
);
