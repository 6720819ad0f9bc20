import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { defineCursor, timestampText, toPage } from '../../../input/cursor.ts';
import { instant, limit, parseInput, uuid } from '../../../input/validate.ts';
import type { Page, PageParams } from '../../page.ts';
import {
  BASIS_POINTS,
  type EnrollmentProgress,
  enrollmentList,
  slotOf,
} from '../enrollments/enrollment.ts';

const cursor = defineCursor('at_risk_learners', z.tuple([timestampText, uuid]));
const days = z.int().min(1).max(3_650);

const input = () =>
  z.strictObject({
    courseId: uuid,
    now: instant.optional(),
    inactiveDays: days.default(14),
    expectedDays: days.default(60),
    paceBasisPoints: z.int().min(0).max(10_000).default(5_000),
    failedAssessments: z.int32().min(1).default(2),
    limit: limit(),
    cursor: cursor.field,
  });

/** Whose learners, and what counts as at risk. */
export interface ListAtRiskLearnersParams extends PageParams {
  /** The course: a UUID. */
  courseId: string;
  /** The instant that it is judged at. Default: the server's clock. */
  now?: Date | undefined;
  /** At risk after so many whole days without activity, 1 to 3,650. Default 14. */
  inactiveDays?: number | undefined;
  /**
   * In how many days, 1 to 3,650, a learner is expected to complete the course at an even pace.
   * Default 60.
   */
  expectedDays?: number | undefined;
  /**
   * At risk with less than this share of the progress expected by now: 0 to 10,000 hundredths of a
   * percent. Default 5,000: half.
   */
  paceBasisPoints?: number | undefined;
  /** At risk with so many failed assessments in the course, from 1. Default 2. */
  failedAssessments?: number | undefined;
}

/** Why a learner may need help. */
export type RiskReason =
  | {
      /** No activity for `inactiveDays`. */
      kind: 'INACTIVE';
      /** Whole days since the last activity. */
      days: number;
    }
  | {
      /** Less than `paceBasisPoints` of what was expected by now. */
      kind: 'BEHIND_PACE';
      /** What was done: 0 to 10,000 hundredths of a percent. */
      basisPoints: number;
      /** What was expected by now: 0 to 10,000 hundredths of a percent. */
      expectedBasisPoints: number;
    }
  | {
      /** At least `failedAssessments` were failed. */
      kind: 'FAILED_ASSESSMENTS';
      /** How many assessments of the course were failed. */
      count: number;
    };

/** A learner who may need help. */
export interface AtRiskLearner extends EnrollmentProgress {
  /** The learner's name. */
  learnerName: string;
  /** Why: one to three of them, each of another kind. */
  reasons: RiskReason[];
}

interface AtRiskRow extends EnrollmentProgress {
  learnerName: string;
  activityText: string;
  idleDays: number;
  expectedBasisPoints: number;
  failedAssessments: number;
  isInactive: boolean;
  isBehind: boolean;
  hasFailed: boolean;
}

// Like the roster by activity: the last slot of the page is read to its end, and no more is sorted.
export const selectAtRisk = statement<
  AtRiskRow,
  [
    courseId: string,
    now: Date | null,
    inactiveDays: number,
    expectedDays: number,
    paceBasisPoints: number,
    failedAssessments: number,
    limit: number,
    after: string,
    afterId: string,
  ]
>(
  'select_at_risk',
  `select ${enrollmentList},
     (select name from identity.users where id = enrollments.user_id) as "learnerName",
     enrollments.last_activity_at::text as "activityText",
     enrollments.idle_days as "idleDays",
     enrollments.expected_basis_points as "expectedBasisPoints",
     enrollments.failed_assessments as "failedAssessments",
     enrollments.is_inactive as "isInactive",
     enrollments.is_behind as "isBehind",
     enrollments.has_failed as "hasFailed"
   from (
     select enrollments.*,
       facts.idle_days, facts.expected_basis_points, failures.failed_assessments,
       risks.is_inactive, risks.is_behind, risks.has_failed
     from education.enrollments
     cross join (
       select coalesce($2::timestamptz, statement_timestamp()) as now
     ) as clock
     cross join lateral (
       select extract(epoch from clock.now - enrollments.last_activity_at) as idle,
         extract(epoch from clock.now - enrollments.enrolled_at) as enrolled
     ) as seconds
     cross join lateral (
       select floor(seconds.idle / 86400)::integer as idle_days,
         greatest(0, least(
           floor(seconds.enrolled * 10000 / ($4::integer * 86400)), 10000
         ))::integer as expected_basis_points
     ) as facts
     cross join lateral (
       select count(*)::integer as failed_assessments
       from education.assessments
       where assessments.user_id = enrollments.user_id
         and assessments.course_id = enrollments.course_id
         and assessments.status = 'GRADED'
         and assessments.score::bigint * 100
           < assessments.pass_percent::bigint * assessments.max_score
     ) as failures
     cross join lateral (
       select facts.idle_days >= $3 as is_inactive,
         ${BASIS_POINTS}
           < facts.expected_basis_points::bigint * $5 / 10000 as is_behind,
         failures.failed_assessments >= $6 as has_failed
     ) as risks
     where enrollments.course_id = $1
       and enrollments.status = 'ACTIVE'
       and (risks.is_inactive or risks.is_behind or risks.has_failed)
       and (enrollments.activity_slot, enrollments.last_activity_at, enrollments.user_id)
         > (${slotOf('$8::timestamptz')}, $8::timestamptz, $9::uuid)
     order by enrollments.activity_slot
     fetch first ($7) rows with ties
   ) as enrollments
   order by enrollments.last_activity_at, enrollments.user_id
   limit $7`,
);

/**
 * Lists the active learners of a course who may need help, each with the reasons: the longest
 * without activity first, then the smaller user id. Reads `enrollments_course_activity_idx` from
 * its old end, a quarter of an hour of activity at a time, and stops when the page is full; in a
 * course where hardly anyone is at risk it looks at every learner.
 */
export async function listAtRiskLearners(
  db: Db,
  params: ListAtRiskLearnersParams,
): Promise<Page<AtRiskLearner>> {
  const page = parseInput(input, params);
  const [after, afterId] = page.cursor ?? ['-infinity', '00000000-0000-0000-0000-000000000000'];
  const rows = await selectAtRisk(db, [
    page.courseId,
    page.now ?? null,
    page.inactiveDays,
    page.expectedDays,
    page.paceBasisPoints,
    page.failedAssessments,
    page.limit + 1,
    after,
    afterId,
  ]);
  const { items, nextCursor } = toPage(rows, page.limit, (last) =>
    cursor.encode([last.activityText, last.userId]),
  );
  return { items: items.map(toAtRiskLearner), nextCursor };
}

function toAtRiskLearner({
  activityText,
  idleDays,
  expectedBasisPoints,
  failedAssessments,
  isInactive,
  isBehind,
  hasFailed,
  ...learner
}: AtRiskRow): AtRiskLearner {
  const { basisPoints } = learner;
  const reasons: RiskReason[] = [];
  if (isInactive) reasons.push({ kind: 'INACTIVE', days: idleDays });
  if (isBehind) reasons.push({ kind: 'BEHIND_PACE', basisPoints, expectedBasisPoints });
  if (hasFailed) reasons.push({ kind: 'FAILED_ASSESSMENTS', count: failedAssessments });
  return { ...learner, reasons };
}
