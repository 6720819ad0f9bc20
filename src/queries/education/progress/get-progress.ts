import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  ENROLLMENT_COLUMNS,
  type EnrollmentProgress,
  type EnrollmentRow,
  toEnrollmentProgress,
} from '../enrollments/enrollment.ts';

const input = z.strictObject({ userId: v.uuid, courseId: v.uuid });

export interface ModuleProgressItem {
  moduleId: string;
  /** From 0, in the order of the course. */
  index: number;
  title: string;
  weight: number;
  optional: boolean;
  /** The highest that was seen. */
  percent: number;
  /** Where the learner was last, as the client told it. */
  position: string | null;
  startedAt: Date | null;
  lastActivityAt: Date | null;
  completedAt: Date | null;
  /** Whether enough of `prerequisites` are complete. */
  unlocked: boolean;
  prerequisites: string[];
  prerequisitesNeeded: number;
}

export interface CourseProgress extends EnrollmentProgress {
  title: string;
  /** In the order of the course. */
  modules: ModuleProgressItem[];
  /** The module of the last activity if it is not complete, else the first that is open; null when all is done. */
  resume: { moduleId: string; title: string; position: string | null } | null;
}

interface Row extends EnrollmentRow {
  course_title: string;
  module_id: string;
  module_index: number;
  module_title: string;
  weight: number;
  is_optional: boolean;
  percent: number;
  position: string | null;
  started_at: Date | null;
  module_activity_at: Date | null;
  module_completed_at: Date | null;
  is_unlocked: boolean;
  prerequisites: string[];
  prerequisites_needed: number;
}

const selectProgress = statement<Row>(
  'get_progress',
  `select
  ${ENROLLMENT_COLUMNS},
  courses.title as course_title,
  modules.module_id, modules.position as module_index, modules.title as module_title,
  modules.weight, modules.is_optional, modules.prerequisites_needed,
  coalesce(progress.percent, 0) as percent, progress.position, progress.started_at,
  progress.last_activity_at as module_activity_at, progress.completed_at as module_completed_at,
  coalesce(needs.prerequisites, '{}') as prerequisites,
  modules.prerequisites_needed <= needs.done as is_unlocked
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
  select
    array_agg(needed.prerequisite_id order by needed.prerequisite_id) as prerequisites,
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
 * Returns a learner's progress in a course, with its modules in order, what is unlocked and where to resume: one
 * round trip, by primary keys.
 *
 * @throws NotFoundError when the user is not enrolled.
 */
export async function getProgress(
  db: Db,
  params: { userId: string; courseId: string },
): Promise<CourseProgress> {
  const { userId, courseId } = parseInput(input, params);
  const rows = await selectProgress(db, [userId, courseId]);
  const [first] = rows;
  if (first === undefined) throw new NotFoundError('enrollment', ['userId', 'courseId']);
  const modules = rows.map(toModule);
  const resume = findResume(modules);
  return { ...toEnrollmentProgress(first), title: first.course_title, modules, resume };
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

function toModule(row: Row): ModuleProgressItem {
  return {
    moduleId: row.module_id,
    index: row.module_index,
    title: row.module_title,
    weight: row.weight,
    optional: row.is_optional,
    percent: row.percent,
    position: row.position,
    startedAt: row.started_at,
    lastActivityAt: row.module_activity_at,
    completedAt: row.module_completed_at,
    unlocked: row.is_unlocked,
    prerequisites: row.prerequisites,
    prerequisitesNeeded: row.prerequisites_needed,
  };
}
