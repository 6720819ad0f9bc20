import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';

const input = () => z.strictObject({ courseId: uuid });

/** The counts of a course. */
export interface CourseStats {
  /** The course: a UUID. */
  courseId: string;
  /** All who ever enrolled: active, completed and dropped. */
  enrolled: number;
  /** How many are learning, from 0. */
  active: number;
  /** How many have completed it, from 0. */
  completed: number;
  /** How many have dropped out, from 0. */
  dropped: number;
  /**
   * The mean progress of those who have not dropped out: 0 to 10,000 hundredths of a percent,
   * rounded down; null when there is nobody.
   */
  meanBasisPoints: number | null;
  /**
   * Ten counts: how many of those who have not dropped out are at 0 to 9.99 percent, at 10 to
   * 19.99, ..., at 90 to 100.
   */
  deciles: number[];
}

// The counts are cast to what the driver reads as a number: exact up to 2 ** 53.
const selectCourseStats = statement<CourseStats, [courseId: string]>(
  'select_course_stats',
  `select courses.id as "courseId",
     (sums.active + sums.completed + sums.dropped)::float8 as enrolled,
     sums.active::float8 as active,
     sums.completed::float8 as completed,
     sums.dropped::float8 as dropped,
     (sums.basis_points / nullif(sums.active + sums.completed, 0))::integer as "meanBasisPoints",
     sums.deciles
   from education.courses
   cross join lateral (
     select coalesce(sum(active), 0)::bigint as active,
       coalesce(sum(completed), 0)::bigint as completed,
       coalesce(sum(dropped), 0)::bigint as dropped,
       coalesce(sum(basis_points), 0)::bigint as basis_points,
       array[
         coalesce(sum(decile_0), 0), coalesce(sum(decile_1), 0), coalesce(sum(decile_2), 0),
         coalesce(sum(decile_3), 0), coalesce(sum(decile_4), 0), coalesce(sum(decile_5), 0),
         coalesce(sum(decile_6), 0), coalesce(sum(decile_7), 0), coalesce(sum(decile_8), 0),
         coalesce(sum(decile_9), 0)
       ]::float8[] as deciles
     from education.course_statistics
     where course_id = courses.id
   ) as sums
   where courses.id = $1`,
);

/**
 * Returns a course's counts, exact as of this statement's snapshot, in constant time: the sum of a
 * few rows of counters that every write to `enrollments` keeps, by plain SQL as well.
 *
 * @throws NotFoundError when there is no such course.
 */
export async function getCourseStats(
  db: Db,
  params: {
    /** The course: a UUID. */
    courseId: string;
  },
): Promise<CourseStats> {
  const { courseId } = parseInput(input, params);
  const [stats] = await selectCourseStats(db, [courseId]);
  if (stats === undefined) throw new NotFoundError('course', ['courseId']);
  return stats;
}
