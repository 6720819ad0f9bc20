import { getTableColumns, sql } from 'drizzle-orm';
import { columns } from '../../../db/columns.ts';
import { type Enrollment, enrollments } from '../../../schema/education/enrollments.ts';

/**
 * A learner in a course. Progress is exact in weights; basis points are hundredths of a percent,
 * rounded down.
 */
export interface EnrollmentProgress
  extends Omit<Enrollment, 'activitySlot' | 'createdAt' | 'updatedAt'> {
  /**
   * 0 to 10,000 hundredths of a percent; 10,000 when every required module is complete, and never
   * before.
   */
  basisPoints: number;
}

const { activitySlot, createdAt, updatedAt, ...shown } = getTableColumns(enrollments);

const enrollmentColumns = columns(enrollments, Object.keys(shown) as (keyof typeof shown)[]);

// As `enrollments_course_progress_idx` has it.
export const BASIS_POINTS = 'enrollments.done_weight::bigint * 10000 / enrollments.total_weight';

/** The select list of `EnrollmentProgress`, of a table or alias called `enrollments`. */
export const enrollmentList = `${enrollmentColumns.of('enrollments')},
     (${BASIS_POINTS})::integer as "basisPoints"`;

/** The same for Drizzle's builder. */
export const enrollmentFields = {
  ...shown,
  basisPoints: sql<number>`(${sql.raw(BASIS_POINTS)})::integer`,
};

/**
 * The quarter of an hour of an instant in SQL, as `enrollments.activity_slot` is computed; infinity
 * stays as it is.
 */
export const slotOf = (instant: string): string =>
  `date_bin('15 minutes', ${instant}, to_timestamp(946684800))`;
