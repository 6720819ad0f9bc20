import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';
import { NOW } from '../../../schema/columns.ts';
import { revisionPolicy } from '../../../schema/education/courses.ts';

const input = () =>
  z.strictObject({
    courseId: uuid,
    policy: z.enum(revisionPolicy.enumValues).default('PIN'),
    publishedAt: instant.optional(),
  });

/** What a new revision does with those who are in the course: see `publishCourse`. */
export type RevisionPolicy = (typeof revisionPolicy.enumValues)[number];

/** A draft that becomes a revision. */
export interface PublishCourseParams {
  /** The course: a UUID. */
  courseId: string;
  /** What becomes of those who are in the course. Default `PIN`. */
  policy?: RevisionPolicy | undefined;
  /** When it was published, in the years 1 to 9999. Default: now, in whole milliseconds. */
  publishedAt?: Date | undefined;
}

const publishedRevision = statement<
  { revision: number | null },
  [courseId: string, policy: RevisionPolicy, publishedAt: Date | null]
>(
  'published_revision',
  `select education.publish_course($1, $2, coalesce($3::timestamptz, ${NOW})) as revision`,
);

/**
 * Publishes the draft of a course as its next revision, which never changes again, and opens the
 * course for enrollment. Returns the revision's number, from 1.
 *
 * New learners follow the new revision. For those who are there, the policy says: PIN leaves them
 * on theirs; KEEP moves them and carries over every module they completed, and whoever completed
 * the course has completed it; STRICT moves them as well, and reopens a completed course that now
 * asks for more. Moving is done by `moveEnrollments`.
 *
 * Locks the course's row `for no key update`: enrolling and other drafts wait for it, progress does
 * not.
 *
 * @throws NotFoundError when there is no such course; InvalidInputError when the draft has no
 * required module, its prerequisites run in a circle, or the course is archived.
 */
export async function publishCourse(
  db: Db,
  params: PublishCourseParams,
): Promise<{
  /** The course: a UUID. */
  courseId: string;
  /** The number of the new revision, from 1. */
  revision: number;
  /** The policy of the new revision. */
  policy: RevisionPolicy;
}> {
  const { courseId, policy, publishedAt } = parseInput(input, params);
  const rows = await publishedRevision(db, [courseId, policy, publishedAt ?? null]);
  const { revision } = only(rows);
  if (revision === null) throw new NotFoundError('course', ['courseId']);
  return { courseId, revision, policy };
}
