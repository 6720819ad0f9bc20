import { randomUUID } from 'node:crypto';
import type { Db } from '../../../src/db/session.ts';
import { transaction } from '../../../src/db/transaction.ts';
import {
  createCourse,
  enroll,
  type ModuleInput,
  type ProgressEvent,
  publishCourse,
} from '../../../src/queries/education/index.ts';
import { users } from '../../../src/schema/identity/users.ts';

export const DAY = 86_400_000;

/** When the courses of these tests begin; far enough back that nothing is in the future. */
export const START = new Date('2026-01-05T08:00:00.000Z');

export function at(days: number, from = START): Date {
  return new Date(from.getTime() + Math.round(days * DAY));
}

export async function insertLearner(db: Db): Promise<string> {
  const [user] = await db
    .insert(users)
    .values({ email: `${randomUUID()}@example.com`, name: 'Thandi Nkosi' })
    .returning({ id: users.id });
  return user?.id as string;
}

export interface TestCourse {
  courseId: string;
  moduleIds: string[];
}

/** A draft with the modules, titled by their index. */
export async function draftCourse(
  db: Db,
  modules: Partial<ModuleInput>[] = [{}, {}],
): Promise<TestCourse> {
  const instructorId = await insertLearner(db);
  const course = await createCourse(db, {
    instructorId,
    title: 'SQL for everyone',
    description: '',
    modules: modules.map((module, index) => ({ title: `M${index}`, content: '', ...module })),
  });
  return { courseId: course.id, moduleIds: course.modules.map((module) => module.id) };
}

/** The same, published as revision 1. */
export async function openCourse(
  db: Db,
  modules: Partial<ModuleInput>[] = [{}, {}],
): Promise<TestCourse> {
  const course = await draftCourse(db, modules);
  await publishCourse(db, { courseId: course.courseId });
  return course;
}

/** A learner who enrolled at START. */
export async function enrolledLearner(db: Db, courseId: string): Promise<string> {
  const userId = await insertLearner(db);
  await enroll(db, { userId, courseId, enrolledAt: START });
  return userId;
}

/** Makes events of one learner in one course; the module is named by its index. */
export function eventsOf(userId: string, { courseId, moduleIds }: TestCourse) {
  return (
    kind: ProgressEvent['kind'],
    module: number,
    days: number,
    rest: Partial<ProgressEvent> = {},
  ): ProgressEvent => ({
    eventId: randomUUID(),
    userId,
    courseId,
    moduleId: moduleIds[module] as string,
    kind,
    occurredAt: at(days),
    ...rest,
  });
}

/** What of a learner must not depend on the order of events: everything but when rows were written. */
export async function learnerState(db: Db, userId: string): Promise<unknown> {
  const rows = async (sql: string) => (await poolOf(db).query(sql, [userId])).rows;
  return {
    enrollments: await rows(
      `select to_jsonb(e) - '{user_id,created_at,updated_at}'::text[] as row
       from education.enrollments as e where user_id = $1 order by course_id`,
    ),
    modules: await rows(
      `select to_jsonb(m) - 'user_id' as row
       from education.module_progress as m where user_id = $1 order by course_id, module_id`,
    ),
    events: await rows(
      `select to_jsonb(e) - '{user_id,recorded_at}'::text[] as row
       from education.progress_events as e where user_id = $1 order by event_id`,
    ),
    days: await rows('select days::text from education.learner_days where user_id = $1'),
    completions: await rows(
      `select course_id, revision from education.course_completions where user_id = $1
       order by course_id, revision`,
    ),
    published: await rows(
      `select data ->> 'courseId' as course_id, data ->> 'revision' as revision
       from platform.events where data ->> 'userId' = $1 order by 1, 2`,
    ),
  };
}

export interface TableScans {
  table: string;
  /** How often it was read from end to end. */
  sequential: number;
  byIndex: number;
  /** Rows that an index led to. */
  fetched: number;
}

interface StatRow {
  relname: string;
  seq_scan: number;
  idx_scan: number;
  idx_tup_fetch: number;
}

/** Which tables of the schema education `read` looks at, and how. */
export async function scansOf(db: Db, read: (tx: Db) => Promise<unknown>): Promise<TableScans[]> {
  return await transaction(db, async (tx) => {
    // A session counts for itself until it goes idle, so what it did before has to be taken off.
    const count = async () =>
      (
        await tx.execute(
          `select relname, seq_scan::integer as seq_scan, coalesce(idx_scan, 0)::integer as idx_scan,
             coalesce(idx_tup_fetch, 0)::integer as idx_tup_fetch
           from pg_stat_xact_user_tables
           where schemaname = 'education'
           order by relname`,
        )
      ).rows as unknown as StatRow[];
    const before = await count();
    await read(tx);
    const after = await count();
    return after
      .map(({ relname, seq_scan, idx_scan, idx_tup_fetch }) => {
        const old = before.find((row) => row.relname === relname);
        return {
          table: relname,
          sequential: seq_scan - (old?.seq_scan ?? 0),
          byIndex: idx_scan - (old?.idx_scan ?? 0),
          fetched: idx_tup_fetch - (old?.idx_tup_fetch ?? 0),
        };
      })
      .filter(({ sequential, byIndex }) => sequential + byIndex > 0);
  });
}

/**
 * Enrolls so many more users who do nothing, so that reading a whole table costs the planner more than an index: the
 * first at START, each so many minutes after the one before.
 */
export async function enrollCrowd(
  db: Db,
  courseId: string,
  size: number,
  minutesApart = 0,
): Promise<string[]> {
  const { rows } = await poolOf(db).query(
    `with crowd as (
       insert into identity.users (email, name)
       select gen_random_uuid() || '@example.com', 'C' from generate_series(1, $2::integer)
       returning id
     ),
     times as (
       select id, $3::timestamptz + (row_number() over () - 1) * make_interval(mins => $4) as at
       from crowd
     )
     insert into education.enrollments
       (user_id, course_id, revision, total_weight, enrolled_at, last_activity_at)
     select times.id, courses.id, courses.revision, revisions.total_weight, times.at, times.at
     from times
     cross join education.courses
     join education.course_revisions as revisions
       on revisions.course_id = courses.id and revisions.revision = courses.revision
     where courses.id = $1
     returning user_id`,
    [courseId, size, START, minutesApart],
  );
  await poolOf(db).query('analyze education.enrollments, identity.users');
  return rows.map((row) => row.user_id as string);
}

/** Every page of a list, one after the other. */
export async function readAll<T>(
  read: (cursor: string | undefined) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    all.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

interface Pool {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

export function poolOf(db: Db): Pool {
  return (db as unknown as { $client: Pool }).$client;
}
