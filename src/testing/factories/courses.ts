import { eq } from 'drizzle-orm';
import type { Db } from '../../db/session.ts';
import { transaction } from '../../db/transaction.ts';
import { InvalidInputError } from '../../errors.ts';
import { courseModules } from '../../schema/education/course-modules.ts';
import { courseStatistics } from '../../schema/education/course-statistics.ts';
import { courseRevisions, courses } from '../../schema/education/courses.ts';
import { modulePrerequisites } from '../../schema/education/module-prerequisites.ts';
import { revisionModules } from '../../schema/education/revision-modules.ts';
import { revisionPrerequisites } from '../../schema/education/revision-prerequisites.ts';
import { defineFactory, factoryOf, insertReturning, minutesFromNow } from './factory.ts';
import { insertUser } from './identity.ts';

/** A draft without modules; `insertCourseRevision` publishes a course. */
export const insertCourse = defineFactory(courses, async (db, given) => ({
  instructorId: given.instructorId ?? (await insertUser(db, { role: 'EDUCATOR' })).id,
  title: 'SQL for everyone',
  description: 'From the first select to windows.',
}));

export const insertCourseModule = defineFactory(courseModules, async (db, given) => ({
  courseId: await courseIdOf(db, given),
  position: 0,
  title: 'Select',
  content: 'What select does.',
  weight: 10,
}));

export const insertModulePrerequisite = defineFactory(modulePrerequisites, async (db, given) => {
  const courseId = await courseIdOf(db, given);
  return {
    courseId,
    moduleId: given.moduleId ?? (await insertCourseModule(db, { courseId, position: 1 })).id,
    prerequisiteId: given.prerequisiteId ?? (await insertCourseModule(db, { courseId })).id,
  };
});

/** A share of a course's counts, all zero. */
export const insertCourseStatistics = defineFactory(courseStatistics, async (db, given) => ({
  courseId: await courseIdOf(db, given),
}));

/** The first revision of a course, with one module of weight 10: the course is published by it. */
export const insertCourseRevision = factoryOf(
  courseRevisions,
  async (db, given) => (await publish(db, 1, given)).revision,
);

/** The module of a new revision: nothing can be added to one that is there. */
export const insertRevisionModule = factoryOf(revisionModules, async (db, given) => {
  const { courseId, revision } = given;
  if (courseId === undefined || revision === undefined) {
    const published = await publish(db, 1, {}, given);
    return published.module;
  }
  const moduleId = given.moduleId ?? (await insertCourseModule(db, { courseId, position: 99 })).id;
  return insertReturning(db, revisionModules, [
    { ...moduleOf({ courseId, revision, moduleId, position: 0 }), ...given },
  ]);
});

/**
 * A prerequisite in a new revision with two modules; of another revision if all four columns are
 * given.
 */
export const insertRevisionPrerequisite = factoryOf(revisionPrerequisites, async (db, given) => {
  const { courseId, revision, moduleId, prerequisiteId } = given;
  if (courseId && revision && moduleId && prerequisiteId) {
    return insertReturning(db, revisionPrerequisites, [
      { courseId, revision, moduleId, prerequisiteId },
    ]);
  }
  if (Object.keys(given).length > 0) {
    throw new InvalidInputError('overrides', 'must have all columns of a prerequisite, or none');
  }
  return (await publish(db, 2, {})).prerequisite;
});

type Row<T extends { $inferSelect: unknown }> = T['$inferSelect'];

/** All rows of a revision in one transaction, at whose end they have to add up. */
async function publish(
  db: Db,
  moduleCount: 1 | 2,
  given: Partial<(typeof courseRevisions)['$inferInsert']>,
  givenModule: Partial<(typeof revisionModules)['$inferInsert']> = {},
) {
  return transaction(db, async (tx) => {
    const courseId = await courseIdOf(tx, given);
    const revision = await insertReturning(tx, courseRevisions, [
      {
        courseId,
        revision: 1,
        policy: 'KEEP',
        totalWeight: 10 * moduleCount,
        moduleCount,
        prerequisiteCount: moduleCount - 1,
        publishedAt: minutesFromNow(-60),
        ...given,
      },
    ]);
    const modules: Row<typeof revisionModules>[] = [];
    for (let position = 0; position < moduleCount; position += 1) {
      const { id: moduleId } = await insertCourseModule(tx, { courseId, position });
      const row = moduleOf({ courseId, revision: revision.revision, moduleId, position });
      modules.push(await insertReturning(tx, revisionModules, [{ ...row, ...givenModule }]));
    }
    const [module, later = module] = modules as [Row<typeof revisionModules>];
    const key = { courseId, revision: revision.revision };
    const link = { ...key, moduleId: later.moduleId, prerequisiteId: module.moduleId };
    if (moduleCount === 2) await insertReturning(tx, revisionPrerequisites, [link]);
    await tx
      .update(courses)
      .set({ status: 'PUBLISHED', revision: key.revision, publishedAt: revision.publishedAt })
      .where(eq(courses.id, courseId));
    return { revision, module, prerequisite: link };
  });
}

interface ModuleKey {
  courseId: string;
  revision: number;
  moduleId: string;
  position: number;
}

function moduleOf(key: ModuleKey) {
  return {
    ...key,
    title: 'Select',
    content: 'What select does.',
    weight: 10,
    isOptional: false,
    prerequisitesNeeded: 0,
  };
}

async function courseIdOf(db: Db, given: { courseId?: string | undefined }): Promise<string> {
  return given.courseId ?? (await insertCourse(db)).id;
}
