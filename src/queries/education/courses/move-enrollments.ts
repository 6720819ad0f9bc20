import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { limit, parseInput, uuid } from '../../../input/validate.ts';
import { courseRevisions } from '../../../schema/education/courses.ts';
import type { Enrollment } from '../../../schema/education/enrollments.ts';

const input = () =>
  z.strictObject({
    courseId: uuid,
    revision: z.int32().min(1),
    limit: limit({ max: 10_000, fallback: 1_000 }),
  });

/** Who is moved to which revision. */
export interface MoveEnrollmentsParams {
  /** The course: a UUID. */
  courseId: string;
  /** The number, from 1, of the revision to move to, whose policy decides. */
  revision: number;
  /** How many learners at most, from 1 to 10,000. Default 1,000. */
  limit?: number | undefined;
}

type EnrollmentState = Pick<Enrollment, 'revision' | 'status' | 'doneWeight' | 'totalWeight'>;

/**
 * `completed`: the new revision asks for nothing more. `reopened`: it asks a completed learner for
 * more.
 */
export type MoveOutcome = 'moved' | 'completed' | 'reopened';

/** A learner who was moved to another revision. */
export interface MovedEnrollment {
  /** The learner: a UUID. */
  userId: string;
  /** What became of it. */
  outcome: MoveOutcome;
  /** What the enrollment was before, in the weights of its revision. */
  from: EnrollmentState;
  /** What it is now, in the weights of the new revision. */
  to: EnrollmentState;
}

interface MovedRow {
  userId: string;
  fromRevision: number;
  fromStatus: Enrollment['status'];
  fromDoneWeight: number;
  fromTotalWeight: number;
  toStatus: Enrollment['status'];
  toDoneWeight: number;
  toTotalWeight: number;
}

const movedEnrollments = statement<MovedRow, [courseId: string, revision: number, limit: number]>(
  'moved_enrollments',
  `select learner_id as "userId",
     from_revision as "fromRevision",
     from_status as "fromStatus",
     from_done_weight as "fromDoneWeight",
     from_total_weight as "fromTotalWeight",
     to_status as "toStatus",
     to_done_weight as "toDoneWeight",
     to_total_weight as "toTotalWeight"
   from education.move_enrollments($1, $2, $3)
   order by learner_id`,
);

const selectRevision = prepared(
  'select_revision',
  { courseId: courseRevisions.courseId, revision: courseRevisions.revision },
  (query, { courseId, revision }) =>
    query
      .select({ revision: courseRevisions.revision })
      .from(courseRevisions)
      .where(and(eq(courseRevisions.courseId, courseId), eq(courseRevisions.revision, revision))),
);

/**
 * Moves learners who follow an earlier revision to this one, as its policy says (see
 * `publishCourse`), and tells by user id what changed for each. One set-based statement a call:
 * call it until it returns nothing, which means that nobody was behind, whoever else moves learners
 * meanwhile. It can be stopped at any time and goes on where it stopped; learners go on learning.
 * With the policy PIN nobody moves. Who has dropped out stays behind, and when they are back, too,
 * until the next call.
 *
 * Locks the enrollments of the chunk in key order, and waits for who holds one of them.
 *
 * @throws NotFoundError when the course has no such revision.
 */
export async function moveEnrollments(
  db: Db,
  params: MoveEnrollmentsParams,
): Promise<MovedEnrollment[]> {
  const { courseId, revision, ...page } = parseInput(input, params);
  const rows = await movedEnrollments(db, [courseId, revision, page.limit]);
  if (rows.length === 0) {
    const [known] = await selectRevision(db, { courseId, revision });
    if (known === undefined) throw new NotFoundError('revision', ['courseId', 'revision']);
  }
  return rows.map((row) => ({
    userId: row.userId,
    outcome: outcomeOf(row),
    from: {
      revision: row.fromRevision,
      status: row.fromStatus,
      doneWeight: row.fromDoneWeight,
      totalWeight: row.fromTotalWeight,
    },
    to: {
      revision,
      status: row.toStatus,
      doneWeight: row.toDoneWeight,
      totalWeight: row.toTotalWeight,
    },
  }));
}

function outcomeOf({ fromStatus, toStatus }: MovedRow): MoveOutcome {
  if (fromStatus === toStatus) return 'moved';
  return toStatus === 'COMPLETED' ? 'completed' : 'reopened';
}
