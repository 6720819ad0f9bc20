import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import type { ModuleProgress } from '../../../schema/education/module-progress.ts';
import type { RevisionModule } from '../../../schema/education/revision-modules.ts';
import { type EnrollmentProgress, enrollmentList } from '../enrollments/enrollment.ts';

const input = () => z.strictObject({ userId: uuid, courseId: uuid });

/** A module of the learner's revision: `percent` is a whole number from 0 to 100. */
export interface ModuleProgressItem
  extends Pick<RevisionModule, 'moduleId' | 'title' | 'weight' | 'prerequisitesNeeded'>,
    Pick<ModuleProgress, 'percent' | 'position' | 'completedAt'> {
  /** Its place in the course, from 0. */
  index: number;
  /** Whether the course is complete without it. */
  optional: boolean;
  /** When the first event in it occurred; null before that. */
  startedAt: Date | null;
  /** When the last event in it occurred; null before the first. */
  lastActivityAt: Date | null;
  /** Whether enough of `prerequisites` are complete. */
  unlocked: boolean;
  /** The ids of the modules of which some unlock it; none where it is open from the start. */
  prerequisites: string[];
}

/** How far a learner is in a course, module by module. */
export interface CourseProgress extends EnrollmentProgress {
  /** The title of the course. */
  title: string;
  /** Its modules, in their order. */
  modules: ModuleProgressItem[];
  /**
   * The module of the last activity if it is not complete, else the first that is open; null when
   * all is done.
   */
  resume: Pick<ModuleProgressItem, 'moduleId' | 'title' | 'position'> | null;
}

/** A module with its course. What both have is the course's; the module's begins with `module`. */
interface ProgressRow
  extends EnrollmentProgress,
    Omit<ModuleProgressItem, 'title' | 'lastActivityAt' | 'completedAt'> {
  title: string;
  moduleTitle: string;
  moduleActivityAt: Date | null;
  moduleCompletedAt: Date | null;
}

const selectProgress = statement<ProgressRow, [userId: string, courseId: string]>(
  'select_progress',
  `select ${enrollmentList},
     courses.title,
     modules.module_id as "moduleId",
     modules.position as index,
     modules.title as "moduleTitle",
     modules.weight,
     modules.is_optional as optional,
     coalesce(progress.percent, 0) as percent,
     progress.position,
     progress.started_at as "startedAt",
     progress.last_activity_at as "moduleActivityAt",
     progress.completed_at as "moduleCompletedAt",
     modules.prerequisites_needed <= needs.done as unlocked,
     coalesce(needs.prerequisites, array[]::uuid[]) as prerequisites,
     modules.prerequisites_needed as "prerequisitesNeeded"
   from education.enrollments
   join education.courses
     on courses.id = enrollments.course_id
   join education.revision_modules as modules
     on modules.course_id = enrollments.course_id
     and modules.revision = enrollments.revision
   left join education.module_progress as progress
     on progress.user_id = enrollments.user_id
     and progress.course_id = enrollments.course_id
     and progress.module_id = modules.module_id
   cross join lateral (
     select array_agg(needed.prerequisite_id order by needed.prerequisite_id) as prerequisites,
       count(done.completed_at) as done
     from education.revision_prerequisites as needed
     left join education.module_progress as done
       on done.user_id = enrollments.user_id
       and done.course_id = enrollments.course_id
       and done.module_id = needed.prerequisite_id
     where needed.course_id = enrollments.course_id
       and needed.revision = enrollments.revision
       and needed.module_id = modules.module_id
   ) as needs
   where enrollments.user_id = $1
     and enrollments.course_id = $2
   order by modules.position`,
);

/**
 * Returns a learner's progress in a course, with its modules in order, what is unlocked and where
 * to resume: one round trip, by primary keys.
 *
 * @throws NotFoundError when the user is not enrolled.
 */
export async function getProgress(
  db: Db,
  params: {
    /** The learner: a UUID. */
    userId: string;
    /** The course: a UUID. */
    courseId: string;
  },
): Promise<CourseProgress> {
  const { userId, courseId } = parseInput(input, params);
  const parts = (await selectProgress(db, [userId, courseId])).map(split);
  const [first] = parts;
  if (first === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  const modules = parts.map(({ module }) => module);
  return { ...first.course, modules, resume: findResume(modules) };
}

function findResume(modules: ModuleProgressItem[]): CourseProgress['resume'] {
  const time = (module: ModuleProgressItem) => module.lastActivityAt?.getTime() ?? 0;
  const last = modules
    .filter((module) => module.lastActivityAt !== null)
    .reduce<ModuleProgressItem | undefined>(
      (latest, module) => (latest === undefined || time(module) >= time(latest) ? module : latest),
      undefined,
    );
  const open = modules.filter((module) => module.completedAt === null && module.unlocked);
  const next =
    last !== undefined && last.completedAt === null
      ? last
      : (open.find((module) => !module.optional) ?? open[0]);
  if (next === undefined) return null;
  return { moduleId: next.moduleId, title: next.title, position: next.position };
}

function split({
  moduleId,
  index,
  moduleTitle: title,
  weight,
  optional,
  percent,
  position,
  startedAt,
  moduleActivityAt: lastActivityAt,
  moduleCompletedAt: completedAt,
  unlocked,
  prerequisites,
  prerequisitesNeeded,
  ...course
}: ProgressRow) {
  const module: ModuleProgressItem = {
    moduleId,
    index,
    title,
    weight,
    optional,
    percent,
    position,
    startedAt,
    lastActivityAt,
    completedAt,
    unlocked,
    prerequisites,
    prerequisitesNeeded,
  };
  return { course, module };
}
