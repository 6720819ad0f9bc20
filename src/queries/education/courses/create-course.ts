import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { currencyCode, parseInput, text, uuid } from '../../../input/validate.ts';
import { MAX_MINOR_UNITS } from '../../../money.ts';
import { type Course, courseLevel } from '../../../schema/education/courses.ts';
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

const input = () =>
  z.strictObject({
    id: uuid.optional(),
    instructorId: uuid,
    title: text({ max: 200 }),
    description: text({ min: 0, max: 100_000 }),
    level: z.enum(courseLevel.enumValues).default('BEGINNER'),
    durationMinutes: z.int32().min(1).optional(),
    price: z.bigint().min(0n).max(MAX_MINOR_UNITS).default(0n),
    currency: currencyCode.default('ZAR'),
    modules: modulesInput,
  }) satisfies z.ZodType<unknown, CreateCourseParams>;

/** A course with its modules, as its author gives it. */
export interface CreateCourseParams {
  /** A UUID for data that has to be the same everywhere. Default: a new one. */
  id?: string | undefined;
  /** The user who gives the course: a UUID. */
  instructorId: string;
  /** 1 to 200 characters. */
  title: string;
  /** Up to 100,000 characters; may be empty. */
  description: string;
  /** How hard it is. Default: `BEGINNER`. */
  level?: Course['level'] | undefined;
  /** About how long it takes, in whole minutes from 1. Default: not stated. */
  durationMinutes?: number | undefined;
  /** In minor units of the currency, from 0 to 2^63 - 1. Default: 0. */
  price?: bigint | undefined;
  /** The code of the currency of the price. Default: `ZAR`. */
  currency?: string | undefined;
  /** Its modules, in order: 1 to 1,000 of them. */
  modules: ModuleInput[];
}

/** A course that was made. */
export interface DraftCourse {
  /** The course's id: a UUID. */
  id: string;
  /** Its modules, in order, with the ids that they got. */
  modules: DraftModule[];
}

const insertedModules = statement<
  StoredModule & { courseId: string },
  [
    ...ModuleArrays,
    id: string | null,
    instructorId: string,
    title: string,
    description: string,
    level: Course['level'],
    durationMinutes: number | null,
    price: bigint,
    currency: string,
  ]
>(
  'inserted_modules',
  `with ${OFFERED_MODULES},
   new_courses as (
     insert into education.courses
       (id, instructor_id, title, description, level, duration_minutes, price, currency)
     values (coalesce($9::uuid, platform.new_id()), $10, $11, $12, $13, $14, $15, $16)
     returning id
   ),
   new_modules as (
     insert into education.course_modules
       (course_id, id, position, title, content, weight, is_optional, prerequisites_needed)
     select new_courses.id, offered.id, number - 1, title, content, weight, is_optional,
       prerequisites_needed
     from new_courses
     cross join offered_modules as offered
     returning course_id, id, position, title, weight, is_optional
   ),
   new_prerequisites as (
     insert into education.module_prerequisites (course_id, module_id, prerequisite_id)
     select new_courses.id, modules.id, prerequisites.id
     from new_courses
     cross join ${OFFERED_PREREQUISITES}
     join offered_modules as modules on modules.number = offered.module_number
     join offered_modules as prerequisites
       on prerequisites.number = offered.prerequisite_number
   )
   select course_id as "courseId", id, title, weight, is_optional as optional
   from new_modules
   order by position`,
);

/**
 * Makes a course as a draft, and returns its id and those of its modules, in order. Nobody can
 * enroll before `publishCourse`. Ids may be chosen by the caller, for data that has to be the same
 * everywhere.
 *
 * @throws InvalidInputError; NotFoundError when the instructor does not exist;
 * UnknownCurrencyError; AlreadyExistsError when the id is taken.
 */
export async function createCourse(db: Db, params: CreateCourseParams): Promise<DraftCourse> {
  const course = parseInput(input, params);
  const rows = await insertedModules(db, [
    ...moduleArrays(course.modules),
    course.id ?? null,
    course.instructorId,
    course.title,
    course.description,
    course.level,
    course.durationMinutes ?? null,
    course.price,
    course.currency,
  ]);
  const { courseId } = rows[0] as (typeof rows)[number];
  return { id: courseId, modules: inOrder(rows) };
}
