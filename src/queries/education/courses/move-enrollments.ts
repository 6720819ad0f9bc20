import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';

const input = z.strictObject({
  courseId: v.uuid,
  revision: z.int32().min(1),
  limit: v.limit({ max: 10_000, fallback: 1_000 }),
});

export interface MoveEnrollmentsParams {
  courseId: string;
  /** The revision to move to, whose policy decides. */
  revision: number;
  /** How many learners at most. Default 1,000. */
  limit?: number | undefined;
}

type Status = 'ACTIVE' | 'COMPLETED' | 'DROPPED';

interface EnrollmentState {
  revision: number;
  status: Status;
  doneWeight: number;
  totalWeight: number;
}

/** `completed`: the new revision asks for nothing more. `reopened`: it asks a completed learner for more. */
export type MoveOutcome = 'moved' | 'completed' | 'reopened';

export interface MovedEnrollment {
  userId: string;
  outcome: MoveOutcome;
  from: EnrollmentState;
  to: EnrollmentState;
}

interface Row {
  learner_id: string;
  from_revision: number;
  from_status: Status;
  from_done_weight: number;
  from_total_weight: number;
  to_status: Status;
  to_done_weight: number;
  to_total_weight: number;
}

const move = statement<Row>(
  'move_enrollments',
  `select
  learner_id, from_revision, from_status, from_done_weight, from_total_weight,
  to_status, to_done_weight, to_total_weight
from education.move_enrollments($1, $2, $3)
order by learner_id`,
);

const findRevision = statement<{ revision: number }>(
  'find_revision',
  `select revision
from education.course_revisions
where course_id = $1
  and revision = $2`,
);

/**
 * Moves learners who follow an earlier revision to this one, as its policy says (see `publishCourse`), and tells
 * by user id what changed for each. One set-based statement a call: call it until it returns nothing, which means that
 * nobody was behind, whoever else moves learners meanwhile. It can be stopped at any time and goes on where it
 * stopped; learners go on learning. With the policy PIN nobody moves. Who has dropped out stays behind, and when
 * they are back, too, until the next call.
 *
 * Locks the enrollments of the chunk in key order, and waits for who holds one of them.
 *
 * @throws NotFoundError when the course has no such revision.
 */
export async function moveEnrollments(
  db: Db,
  params: MoveEnrollmentsParams,
): Promise<MovedEnrollment[]> {
  const { courseId, revision, limit } = parseInput(input, params);
  const rows = await move(db, [courseId, revision, limit]);
  if (rows.length === 0) {
    const [known] = await findRevision(db, [courseId, revision]);
    if (known === undefined) throw new NotFoundError('revision', ['courseId', 'revision']);
  }
  return rows.map((row) => ({
    userId: row.learner_id,
    outcome: outcomeOf(row),
    from: {
      revision: row.from_revision,
      status: row.from_status,
      doneWeight: row.from_done_weight,
      totalWeight: row.from_total_weight,
    },
    to: {
      revision,
      status: row.to_status,
      doneWeight: row.to_done_weight,
      totalWeight: row.to_total_weight,
    },
  }));
}

function outcomeOf(row: Row): MoveOutcome {
  if (row.from_status === row.to_status) return 'moved';
  return row.to_status === 'COMPLETED' ? 'completed' : 'reopened';
}
