import { z } from 'zod';
import { NotFoundError } from '../../errors.ts';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { transaction } from '../../transaction.ts';
import * as v from '../../validate.ts';
import { parseInput } from '../../validate.ts';
import { type DraftModule, type ModuleInput, moduleArrays, modulesInput } from './module-input.ts';

const input = z.strictObject({ courseId: v.uuid, modules: modulesInput });

export interface ReviseCourseParams {
  courseId: string;
  /** All modules of the draft, in order. One with the id of a module that is there replaces it. */
  modules: ModuleInput[];
}

const lockCourse = statement<{ id: string }>(
  'lock_course_draft',
  `select id
from education.courses
where id = $1
for update`,
);

// A module that was published stays, because progress points to it; one that never was goes.
const removeModules = statement<Record<string, never>>(
  'remove_course_modules',
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
      where published.course_id = modules.course_id and published.module_id = modules.id
    )
)
update education.course_modules as modules
set removed_at = coalesce(removed_at, clock_timestamp()), position = null
where course_id = $1
  and exists (
    select
    from education.revision_modules as published
    where published.course_id = modules.course_id and published.module_id = modules.id
  )`,
);

const saveModules = statement<DraftModule>(
  'save_course_modules',
  `with offered_modules as materialized (
  select coalesce(id, uuidv7()) as id, title, content, weight, is_optional, prerequisites_needed, number
  from unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::boolean[], $7::smallint[])
    with ordinality as offered (id, title, content, weight, is_optional, prerequisites_needed, number)
),
saved_modules as (
  insert into education.course_modules as saved
    (course_id, id, position, title, content, weight, is_optional, prerequisites_needed)
  select $1, id, number - 1, title, content, weight, is_optional, prerequisites_needed
  from offered_modules
  on conflict (course_id, id) do update
  set position = excluded.position,
    title = excluded.title,
    content = excluded.content,
    weight = excluded.weight,
    is_optional = excluded.is_optional,
    prerequisites_needed = excluded.prerequisites_needed,
    removed_at = null
  returning id, position, title, weight, is_optional as optional
),
saved_prerequisites as (
  insert into education.module_prerequisites (course_id, module_id, prerequisite_id)
  select $1, modules.id, prerequisites.id
  from unnest($8::bigint[], $9::bigint[]) as offered (module_number, prerequisite_number)
  join offered_modules as modules on modules.number = offered.module_number
  join offered_modules as prerequisites on prerequisites.number = offered.prerequisite_number
)
select id, position, title, weight, optional
from saved_modules
order by position`,
);

/**
 * Replaces the modules of a course's draft, and returns them in order. Learners see nothing of it before
 * `publishCourse`. A module that is left out is deleted, or only taken out of the draft if it was ever published.
 * Locks the course, so drafts are edited one after the other.
 *
 * @throws NotFoundError when there is no such course, InvalidInputError.
 */
export async function reviseCourse(db: Db, params: ReviseCourseParams): Promise<DraftModule[]> {
  const { courseId, modules } = parseInput(input, params);
  return await transaction(db, async (tx) => {
    const [course] = await lockCourse(tx, [courseId]);
    if (course === undefined) throw new NotFoundError('course', ['courseId']);
    const kept = modules.flatMap((module) => module.id ?? []);
    await removeModules(tx, [courseId, kept]);
    return await saveModules(tx, [courseId, ...moduleArrays(modules)]);
  });
}
