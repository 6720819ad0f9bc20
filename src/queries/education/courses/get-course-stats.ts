import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';

const input = z.strictObject({ courseId: v.uuid });

export interface CourseStats {
  courseId: string;
  /** All who ever enrolled: active, completed and dropped. */
  enrolled: number;
  active: number;
  completed: number;
  dropped: number;
  /** Of those who have not dropped out, rounded down; null when there is nobody. */
  meanBasisPoints: number | null;
  /** How many of those who have not dropped out are at 0 to 9.99 percent, at 10 to 19.99, ..., at 90 to 100. */
  deciles: number[];
}

interface Row {
  enrolled: bigint;
  active: bigint;
  completed: bigint;
  dropped: bigint;
  mean_basis_points: bigint | null;
  deciles: bigint[];
}

const selectStats = statement<Row>(
  'get_course_stats',
  `select
  sums.active + sums.completed + sums.dropped as enrolled,
  sums.active, sums.completed, sums.dropped,
  sums.basis_points / nullif(sums.active + sums.completed, 0) as mean_basis_points,
  sums.deciles
from education.courses
cross join lateral (
  select
    coalesce(sum(active), 0)::bigint as active,
    coalesce(sum(completed), 0)::bigint as completed,
    coalesce(sum(dropped), 0)::bigint as dropped,
    coalesce(sum(basis_points), 0)::bigint as basis_points,
    array[
      coalesce(sum(decile_0), 0), coalesce(sum(decile_1), 0), coalesce(sum(decile_2), 0),
      coalesce(sum(decile_3), 0), coalesce(sum(decile_4), 0), coalesce(sum(decile_5), 0),
      coalesce(sum(decile_6), 0), coalesce(sum(decile_7), 0), coalesce(sum(decile_8), 0),
      coalesce(sum(decile_9), 0)
    ]::bigint[] as deciles
  from education.course_statistics
  where course_id = courses.id
) as sums
where courses.id = $1`,
);

/**
 * Returns a course's counts, exact as of this statement's snapshot, in constant time: the sum of a few rows of
 * counters that every write to `enrollments` keeps, by plain SQL as well.
 *
 * @throws NotFoundError when there is no such course.
 */
export async function getCourseStats(db: Db, params: { courseId: string }): Promise<CourseStats> {
  const { courseId } = parseInput(input, params);
  const [row] = await selectStats(db, [courseId]);
  if (row === undefined) throw new NotFoundError('course', ['courseId']);
  return {
    courseId,
    enrolled: Number(row.enrolled),
    active: Number(row.active),
    completed: Number(row.completed),
    dropped: Number(row.dropped),
    meanBasisPoints: row.mean_basis_points === null ? null : Number(row.mean_basis_points),
    deciles: row.deciles.map(Number),
  };
}
