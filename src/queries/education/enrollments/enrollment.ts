/** A learner in a course. Progress is exact in weights; basis points are hundredths of a percent, rounded down. */
export interface EnrollmentProgress {
  userId: string;
  courseId: string;
  /** The revision of the course that the learner follows. */
  revision: number;
  status: 'ACTIVE' | 'COMPLETED' | 'DROPPED';
  doneWeight: number;
  totalWeight: number;
  /** 0 to 10,000; 10,000 when every required module is complete, and never before. */
  basisPoints: number;
  enrolledAt: Date;
  lastActivityAt: Date;
  completedAt: Date | null;
  /** The revision that was completed, when a later one let completed learners be. */
  completedRevision: number | null;
  droppedAt: Date | null;
}

export interface EnrollmentRow {
  user_id: string;
  course_id: string;
  revision: number;
  status: EnrollmentProgress['status'];
  done_weight: number;
  total_weight: number;
  basis_points: number;
  enrolled_at: Date;
  last_activity_at: Date;
  completed_at: Date | null;
  completed_revision: number | null;
  dropped_at: Date | null;
}

/** The columns of `EnrollmentRow`, of a table or alias called `enrollments`. */
export const ENROLLMENT_COLUMNS = `enrollments.user_id, enrollments.course_id, enrollments.revision, enrollments.status,
  enrollments.done_weight, enrollments.total_weight,
  (enrollments.done_weight::bigint * 10000 / enrollments.total_weight)::integer as basis_points,
  enrollments.enrolled_at, enrollments.last_activity_at, enrollments.completed_at,
  enrollments.completed_revision, enrollments.dropped_at`;

/** The quarter of an hour of an instant in SQL, as `enrollments.activity_slot` is computed; infinity stays as it is. */
export const slotOf = (instant: string): string =>
  `date_bin('15 minutes', ${instant}, to_timestamp(946684800))`;

export function toEnrollmentProgress(row: EnrollmentRow): EnrollmentProgress {
  return {
    userId: row.user_id,
    courseId: row.course_id,
    revision: row.revision,
    status: row.status,
    doneWeight: row.done_weight,
    totalWeight: row.total_weight,
    basisPoints: row.basis_points,
    enrolledAt: row.enrolled_at,
    lastActivityAt: row.last_activity_at,
    completedAt: row.completed_at,
    completedRevision: row.completed_revision,
    droppedAt: row.dropped_at,
  };
}
