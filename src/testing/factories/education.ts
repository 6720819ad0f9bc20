import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '../../db/session.ts';
import { transaction } from '../../db/transaction.ts';
import { assessments } from '../../schema/education/assessments.ts';
import { courseCompletions } from '../../schema/education/course-completions.ts';
import { enrollments } from '../../schema/education/enrollments.ts';
import { learnerDays } from '../../schema/education/learner-days.ts';
import { learningPathCourses } from '../../schema/education/learning-path-courses.ts';
import { learningPathSkills } from '../../schema/education/learning-path-skills.ts';
import { learningPaths } from '../../schema/education/learning-paths.ts';
import { moduleProgress } from '../../schema/education/module-progress.ts';
import { progressEvents } from '../../schema/education/progress-events.ts';
import { insertCourse, insertCourseModule, insertCourseRevision } from './courses.ts';
import { defineFactory, factoryOf, insertReturning, minutesFromNow } from './factory.ts';
import { userIdOf } from './identity.ts';
import { insertSkill } from './marketplace.ts';

/**
 * An active enrollment with nothing done yet, in a course whose first revision is there. One with a
 * `completedRevision` gets the completion that it points to.
 */
export const insertEnrollment = factoryOf(enrollments, async (db, given) => {
  const userId = await userIdOf(db, given);
  const courseId = given.courseId ?? (await insertCourseRevision(db)).courseId;
  const row = { userId, courseId, revision: 1, totalWeight: 10, ...given };
  return transaction(db, async (tx) => {
    const enrollment = await insertReturning(tx, enrollments, [row]);
    if (row.completedRevision != null) {
      await completeModules(tx, userId, courseId, row.completedRevision);
      await insertReturning(tx, courseCompletions, [
        { userId, courseId, revision: row.completedRevision },
      ]);
    }
    return enrollment;
  });
});

/** The completion of a revision, with the completed enrollment and modules that it needs. */
export const insertCourseCompletion = factoryOf(courseCompletions, (db, given) =>
  transaction(db, async (tx) => {
    const revision = given.revision ?? 1;
    const { userId, courseId } = await enrollmentOf(tx, given);
    await completeModules(tx, userId, courseId, revision);
    await tx.execute(sql`
      update education.enrollments
      set status = 'COMPLETED', done_weight = total_weight, completed_revision = ${revision},
        completed_at = coalesce(completed_at, greatest(enrolled_at, clock_timestamp()))
      where user_id = ${userId} and course_id = ${courseId}`);
    return insertReturning(tx, courseCompletions, [{ ...given, userId, courseId, revision }]);
  }),
);

/** What a completion needs: every required module of the revision is completed. */
async function completeModules(db: Db, userId: string, courseId: string, revision: number) {
  const at = minutesFromNow(-10);
  await db.execute(sql`
    insert into education.module_progress as known
      (user_id, course_id, module_id, percent, started_at, last_activity_at, completed_at)
    select ${userId}, course_id, module_id, 100, ${at}, ${at}, ${at}
    from education.revision_modules
    where course_id = ${courseId} and revision = ${revision} and not is_optional
    on conflict on constraint module_progress_pkey do update
    set completed_at = coalesce(known.completed_at, excluded.completed_at)`);
}

/** A module just begun; the enrollment's weights are the caller's to set. */
export const insertModuleProgress = defineFactory(moduleProgress, async (db, given) => {
  const { userId, courseId } = await enrollmentOf(db, given);
  return {
    userId,
    courseId,
    moduleId: given.moduleId ?? (await insertCourseModule(db, { courseId, position: 5 })).id,
    startedAt: minutesFromNow(-30),
    lastActivityAt: minutesFromNow(-10),
  };
});

/** The start of a module, as a client told it; what follows from it is not applied. */
export const insertProgressEvent = defineFactory(progressEvents, async (db, given) => {
  const { userId, courseId, moduleId } = given;
  const key =
    userId !== undefined && courseId !== undefined && moduleId !== undefined
      ? { userId, courseId, moduleId }
      : await insertModuleProgress(db, userId === undefined ? {} : { userId });
  return {
    userId: key.userId,
    courseId: key.courseId,
    moduleId: key.moduleId,
    eventId: randomUUID(),
    kind: 'started' as const,
    occurredAt: minutesFromNow(-30),
  };
});

/** One streak of two days. */
export const insertLearnerDays = defineFactory(learnerDays, async (db, given) => ({
  userId: await userIdOf(db, given),
  days: '{[2026-01-01,2026-01-03)}',
}));

/** A quiz that has not been started. */
export const insertAssessment = defineFactory(assessments, async (db, given) => ({
  userId: await userIdOf(db, given),
  type: 'QUIZ' as const,
  title: 'Joins',
  maxScore: 10,
}));

export const insertLearningPath = defineFactory(learningPaths, () => ({
  title: 'Data engineer',
  description: 'Databases, from queries to operations.',
  difficulty: 'INTERMEDIATE' as const,
  durationHours: 40,
}));

export const insertLearningPathCourse = defineFactory(learningPathCourses, async (db, given) => ({
  learningPathId: given.learningPathId ?? (await insertLearningPath(db)).id,
  courseId: given.courseId ?? (await insertCourse(db)).id,
  position: 0,
}));

export const insertLearningPathSkill = defineFactory(learningPathSkills, async (db, given) => ({
  learningPathId: given.learningPathId ?? (await insertLearningPath(db)).id,
  skillId: given.skillId ?? (await insertSkill(db)).id,
}));

interface EnrollmentKey {
  userId?: string | undefined;
  courseId?: string | undefined;
}

/** A row that names both user and course stands for an enrollment that is there. */
async function enrollmentOf(db: Db, { userId, courseId }: EnrollmentKey) {
  if (userId !== undefined && courseId !== undefined) return { userId, courseId };
  const enrollment = await insertEnrollment(db, {
    ...(userId !== undefined && { userId }),
    ...(courseId !== undefined && { courseId }),
  });
  return { userId: enrollment.userId, courseId: enrollment.courseId };
}
