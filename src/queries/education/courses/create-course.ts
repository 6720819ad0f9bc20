import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import * as v from '../../../input/validate.ts';
import { parseInput } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';
import { type DraftModule, type ModuleInput, moduleArrays, modulesInput } from './module-input.ts';

const input = z.strictObject({
  id: v.uuid.optional(),
  instructorId: v.uuid,
  title: v.text({ max: 200 }),
  description: v.text({ min: 0, max: 100_000 }),
  level: z.enum(['BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT']).default('BEGINNER'),
  durationMinutes: z.int32().min(1).optional(),
  price: z.bigint().min(0n).max(MAX_MINOR_UNITS).default(0n),
  currency: v.currencyCode.default('ZAR'),
  modules: modulesInput,
});

export interface CreateCourseParams extends Omit<z.input<typeof input>, 'modules'> {
  /** In order. */
  modules: ModuleInput[];
}

export interface DraftCourse {
  id: string;
  modules: DraftModule[];
}

interface Row {
  course_id: string;
  id: string;
  position: number;
  title: string;
  weight: number;
  is_optional: boolean;
}

const insertCourse = statement<Row>(
  'create_course',
  `with offered_modules as materialized (
  select coalesce(id, uuidv7()) as id, title, content, weight, is_optional, prerequisites_needed, number
  from unnest($9::uuid[], $10::text[], $11::text[], $12::int[], $13::boolean[], $14::smallint[])
    with ordinality as offered (id, title, content, weight, is_optional, prerequisites_needed, number)
),
new_courses as (
  insert into education.courses
    (id, instructor_id, title, description, level, duration_minutes, price, currency)
  values (coalesce($1::uuid, uuidv7()), $2, $3, $4, $5, $6, $7, $8)
  returning id
),
new_modules as (
  insert into education.course_modules
    (course_id, id, position, title, content, weight, is_optional, prerequisites_needed)
  select new_courses.id, offered.id, number - 1, title, content, weight, is_optional, prerequisites_needed
  from new_courses
  cross join offered_modules as offered
  returning course_id, id, position, title, weight, is_optional
),
new_prerequisites as (
  insert into education.module_prerequisites (course_id, module_id, prerequisite_id)
  select new_courses.id, modules.id, prerequisites.id
  from new_courses
  cross join unnest($15::bigint[], $16::bigint[]) as offered (module_number, prerequisite_number)
  join offered_modules as modules on modules.number = offered.module_number
  join offered_modules as prerequisites on prerequisites.number = offered.prerequisite_number
)
select course_id, id, position, title, weight, is_optional
from new_modules
order by position`,
);

/**
 * Makes a course as a draft, and returns its id and those of its modules, in order. Nobody can enroll before
 * `publishCourse`. Ids may be chosen by the caller, for data that has to be the same everywhere.
 *
 * @throws InvalidInputError; ConstraintError when the instructor or currency does not exist, or an id is taken.
 */
export async function createCourse(db: Db, params: CreateCourseParams): Promise<DraftCourse> {
  const course = parseInput(input, params);
  const rows = await insertCourse(db, [
    course.id ?? null,
    course.instructorId,
    course.title,
    course.description,
    course.level,
    course.durationMinutes ?? null,
    course.price,
    course.currency,
    ...moduleArrays(course.modules),
  ]);
  const id = rows[0]?.course_id as string;
  return { id, modules: rows.map(toDraftModule) };
}

function toDraftModule(row: Row): DraftModule {
  const { id, position, title, weight, is_optional: optional } = row;
  return { id, position, title, weight, optional };
}
