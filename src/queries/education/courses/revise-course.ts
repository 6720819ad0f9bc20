import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { NotFoundError } from '../../../errors.ts';
import { parseInput, uuid } from '../../../input/validate.ts';
import {
  type DraftModule,
  inOrder,
  type ModuleArrays,
  type ModuleInput,
  moduleArrays,
  modulesInput,
  OFFERED_MODULES,
  OFFERED_PREREQUISITES,
  type StoredModule,
} from './module-input.ts';

const input = () => z.strictObject({ courseId: uuid, modules: modulesInput });

/** The modules that a draft has from now on. */
export interface ReviseCourseParams {
  /** The course: a UUID. */
  courseId: string;
  /**
   * All modules of the draft, in order, 1 to 1,000 of them. One with the id of a module that is
   * there replaces it.
   */
  modules: ModuleInput[];
}

const lockedCourse = statement<{ id: string }, [courseId: string]>(
  'locked_course',
  `select id
   from education.courses
   where id = $1
   for no key update`,
);

// Those that move or go, in the order in which recordProgress comes to modules that learners begin:
// without, each could wait for the other.
const lockedModules = statement<{ id: string }, [courseId: string, ids: ModuleArrays[0]]>(
  'locked_modules',
  `select modules.id
   from education.course_modules as modules
   left join unnest($2::uuid[]) with ordinality as offered (id, number)
     on offered.id = modules.id
   where modules.course_id = $1
     and modules.position is distinct from offered.number - 1
   order by modules.id
   for update of modules`,
);

// A module that was published stays, because progress points to it; one that never was goes.
const removedModules = statement<Record<string, never>, [courseId: string, kept: string[]]>(
  'removed_modules',
  `with forgotten_prerequisites as (
     delete from education.module_prerequisites
     where course_id = $1
   ),
   forgotten_modules as (
     delete from education.course_modules as modules
     where course_id = $1
       and id <> all ($2::uuid[])
       and not exists (
         select
         from education.revision_modules as published
         where published.course_id = modules.course_id
           and published.module_id = modules.id
       )
   )
   update education.course_modules as modules
   set removed_at = clock_timestamp(), position = null
   where course_id = $1
     and id <> all ($2::uuid[])
     and removed_at is null
     and exists (
       select
       from education.revision_modules as published
       where published.course_id = modules.course_id
         and published.module_id = modules.id
     )`,
);

// The position is part of a unique key, so an update that names it locks a module against the
// foreign keys of progress: only those that move get one. Places are compared at the end of the
// statement.
const savedModules = statement<StoredModule, [...ModuleArrays, courseId: string]>(
  'saved_modules',
  `with ${OFFERED_MODULES},
   edited_modules as (
     update education.course_modules as saved
     set title = offered.title,
       content = offered.content,
       weight = offered.weight,
       is_optional = offered.is_optional,
       prerequisites_needed = offered.prerequisites_needed
     from offered_modules as offered
     where saved.course_id = $9
       and saved.id = offered.id
       and saved.position = offered.number - 1
     returning saved.id, saved.position, saved.title, saved.weight, saved.is_optional
   ),
   moved_modules as (
     update education.course_modules as saved
     set position = offered.number - 1,
       title = offered.title,
       content = offered.content,
       weight = offered.weight,
       is_optional = offered.is_optional,
       prerequisites_needed = offered.prerequisites_needed,
       removed_at = null
     from offered_modules as offered
     where saved.course_id = $9
       and saved.id = offered.id
       and saved.position is distinct from offered.number - 1
     returning saved.id, saved.position, saved.title, saved.weight, saved.is_optional
   ),
   added_modules as (
     insert into education.course_modules
       (course_id, id, position, title, content, weight, is_optional, prerequisites_needed)
     select $9, id, number - 1, title, content, weight, is_optional, prerequisites_needed
     from offered_modules as offered
     where not exists (
       select
       from education.course_modules as known
       where known.course_id = $9
         and known.id = offered.id
     )
     returning id, position, title, weight, is_optional
   ),
   saved_prerequisites as (
     insert into education.module_prerequisites (course_id, module_id, prerequisite_id)
     select $9, modules.id, prerequisites.id
     from ${OFFERED_PREREQUISITES}
     join offered_modules as modules on modules.number = offered.module_number
     join offered_modules as prerequisites
       on prerequisites.number = offered.prerequisite_number
   )
   select id, title, weight, is_optional as optional
   from (
     select id, position, title, weight, is_optional
     from edited_modules
     union all
     select id, position, title, weight, is_optional
     from moved_modules
     union all
     select id, position, title, weight, is_optional
     from added_modules
   ) as saved_modules
   order by position`,
);

/**
 * Replaces the modules of a course's draft, and returns them in order. Learners see nothing of it
 * before `publishCourse`. A module that is left out is deleted, or only taken out of the draft if
 * it was ever published. Locks the course's row `for no key update`: drafts are edited one after
 * the other. Progress goes on, but in a published module that moves or goes it waits until the
 * draft is saved; those are locked in key order.
 *
 * @throws NotFoundError when there is no such course, InvalidInputError.
 */
export async function reviseCourse(db: Db, params: ReviseCourseParams): Promise<DraftModule[]> {
  const { courseId, modules } = parseInput(input, params);
  const arrays = moduleArrays(modules);
  const [ids] = arrays;
  return await transaction(db, async (tx) => {
    const [course] = await lockedCourse(tx, [courseId]);
    if (course === undefined) throw new NotFoundError('course', ['courseId']);
    await lockedModules(tx, [courseId, ids]);
    await removedModules(tx, [courseId, ids.filter((id) => id !== null)]);
    return inOrder(await savedModules(tx, [...arrays, courseId]));
  });
}
