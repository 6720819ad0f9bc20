import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import type { Enrollment } from '../../../schema/education/enrollments.ts';
import { BASIS_POINTS } from '../enrollments/enrollment.ts';

const input = () => z.strictObject({ userId: uuid, learningPathId: uuid });

/** A course of a learning path, and how far the learner is in it. */
export interface LearningPathCourseProgress {
  /** The course: a UUID. */
  courseId: string;
  /** The course's title. */
  title: string;
  /** How far the learner is; null when not enrolled. */
  status: Enrollment['status'] | null;
  /**
   * 0 to 10,000 hundredths of a percent; 10,000 for a completed course, even if a later revision
   * asks for more.
   */
  basisPoints: number;
}

/** How far a learner is along a learning path. */
export interface LearningPathProgress {
  /** The learning path: a UUID. */
  learningPathId: string;
  /** The path's title. */
  title: string;
  /** The courses, in the order of the path. */
  courses: LearningPathCourseProgress[];
  /** How many of the courses are completed, from 0. */
  completedCourses: number;
  /**
   * The mean over the courses in hundredths of a percent, rounded down: 10,000 when all are
   * completed, and never before.
   */
  basisPoints: number;
  /** The first course that is not completed; null when all are. */
  nextCourseId: string | null;
}

/** A course of the path, or the path alone when it has none. */
interface PathRow {
  pathTitle: string;
  courseId: string | null;
  title: string | null;
  status: Enrollment['status'] | null;
  basisPoints: number;
}

const selectLearningPath = statement<PathRow, [userId: string, learningPathId: string]>(
  'select_learning_path',
  `select paths.title as "pathTitle",
     courses.id as "courseId",
     courses.title,
     enrollments.status,
     case
       when enrollments.status = 'COMPLETED' then 10000
       else coalesce(${BASIS_POINTS}, 0)::integer
     end as "basisPoints"
   from education.learning_paths as paths
   left join education.learning_path_courses as steps
     on steps.learning_path_id = paths.id
   left join education.courses
     on courses.id = steps.course_id
   left join education.enrollments
     on enrollments.user_id = $1
     and enrollments.course_id = steps.course_id
   where paths.id = $2
   order by steps.position`,
);

/**
 * Returns a learner's progress along a learning path, with its courses in order: one round trip, by
 * keys.
 *
 * @throws NotFoundError when there is no such path.
 */
export async function getLearningPathProgress(
  db: Db,
  params: {
    /** The learner: a UUID. */
    userId: string;
    /** The learning path: a UUID. */
    learningPathId: string;
  },
): Promise<LearningPathProgress> {
  const { userId, learningPathId } = parseInput(input, params);
  const rows = await selectLearningPath(db, [userId, learningPathId]);
  const [first] = rows;
  if (first === undefined) throw new NotFoundError('learning path', ['learningPathId']);
  const courses = rows.flatMap(({ courseId, title, status, basisPoints }) =>
    courseId === null || title === null ? [] : [{ courseId, title, status, basisPoints }],
  );
  const sum = courses.reduce((total, course) => total + course.basisPoints, 0);
  return {
    learningPathId,
    title: first.pathTitle,
    courses,
    completedCourses: courses.filter((course) => course.status === 'COMPLETED').length,
    basisPoints: courses.length === 0 ? 0 : Math.floor(sum / courses.length),
    nextCourseId: courses.find((course) => course.status !== 'COMPLETED')?.courseId ?? null,
  };
}
