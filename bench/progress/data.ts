import { randomUUID } from 'node:crypto';
import type { ProgressEvent } from '../../src/queries/education/index.ts';
import type { BenchDatabase } from '../lib/server.ts';

const MODULES = 4;
const COURSES = 200;

/** Ids that are computed from a number, so that nothing has to be read back. */
const id = (kind: number, n: number) =>
  `0000000${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const sqlId = (kind: number, n: string) =>
  `('0000000${kind}-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

export const userId = (n: number) => id(1, n + 1_000);
export const courseId = (n: number) => id(2, n);
const moduleId = (course: number, n: number) => id(3, course * 16 + n);
/** A path of eight courses, the first of them the largest. */
export const learningPathId = id(4, 0);

/**
 * Enrollment i is of learner i / 2: the even ones in course 0, which has half of all, the others
 * spread.
 */
export const learnerOf = (i: number) => i >> 1;
export const courseOf = (i: number) => (i % 2 === 0 ? 0 : 1 + (learnerOf(i) % (COURSES - 1)));

/**
 * Fills a database with `size` enrollments of learners who have done one module of four and begun
 * the others. Past the triggers, which would take longer, and then counted: verifyProgress finds
 * nothing in it. All have been active today in their smaller course, so that the first event of a
 * day is not what is measured at one size only; in the largest the last activity was at some time
 * of the last month.
 */
export async function fill({ db }: BenchDatabase, size: number): Promise<void> {
  const client = await db.$client.connect();
  const run = (text: string) => client.query(text);
  try {
    await run('set session_replication_role = replica');
    await run(`insert into identity.users (id, email, name)
      select ${sqlId(1, '1000 + n')}, 'learner' || n || '@example.com', 'Learner ' || n
      from generate_series(0, ${Math.max(size >> 1, 1) - 1}) as n`);
    await run(`insert into education.courses
        (id, instructor_id, title, description, status, revision, published_at)
      select ${sqlId(2, 'n')}, ${sqlId(1, '1000')}, 'Course ' || n, '', 'PUBLISHED', 1, now()
      from generate_series(0, ${COURSES - 1}) as n`);
    await run(`insert into education.course_modules
        (course_id, id, position, title, content, weight)
      select ${sqlId(2, 'n')}, ${sqlId(3, 'n * 16 + m')}, m, 'Module ' || m, '', m + 1
      from generate_series(0, ${COURSES - 1}) as n, generate_series(0, ${MODULES - 1}) as m`);
    await run(`insert into education.course_revisions
        (course_id, revision, policy, total_weight, module_count, prerequisite_count, published_at)
      select id, 1, 'PIN', 10, ${MODULES}, 0, now() from education.courses`);
    await run(`insert into education.revision_modules
        (course_id, revision, module_id, position, title, content, weight, is_optional,
          prerequisites_needed)
      select course_id, 1, id, position, title, content, weight, false, 0
      from education.course_modules`);
    await run(`create temporary table sizes as
      select
        ${sqlId(1, '1000 + (i >> 1)')} as user_id,
        case when i % 2 = 0 then 0 else 1 + (i >> 1) % ${COURSES - 1} end as course,
        now() - interval '30 days' as enrolled_at,
        now() - interval '1 hour'
          - case when i % 2 = 0 then random() * interval '29 days' else '0' end as active_at
      from generate_series(0, ${size - 1}) as i`);
    await run(`insert into education.enrollments
        (user_id, course_id, revision, done_weight, total_weight, enrolled_at, last_activity_at)
      select user_id, ${sqlId(2, 'course')}, 1, 1, 10, enrolled_at, active_at from sizes`);
    await run(`insert into education.module_progress
        (user_id, course_id, module_id, percent, started_at, last_activity_at, completed_at)
      select
        user_id, ${sqlId(2, 'course')}, ${sqlId(3, 'course * 16 + m')},
        case when m = 0 then 100 else 0 end, active_at, active_at,
        case when m = 0 then active_at end
      from sizes, generate_series(0, ${MODULES - 1}) as m`);
    await run(`insert into education.progress_events
        (user_id, event_id, course_id, module_id, kind, percent, occurred_at)
      select
        user_id, gen_random_uuid(), course_id, module_id,
        (case when completed_at is null then 'started' else 'completed' end)
          ::education.progress_event_kind,
        case when completed_at is null then null else 100 end, started_at
      from education.module_progress`);
    await run(`insert into education.learner_days (user_id, days)
      select user_id, range_agg(daterange(day, day, '[]'))
      from (
        select user_id, (occurred_at at time zone 'UTC')::date as day
        from education.progress_events
      ) as active_days
      group by user_id`);
    await run(`insert into education.course_statistics (course_id, active, basis_points, decile_1)
      select course_id, count(*), count(*) * 1000, count(*)
      from education.enrollments
      group by course_id`);
    await run(`insert into education.learning_paths
        (id, title, description, difficulty, duration_hours)
      values ('${learningPathId}', 'Path', '', 'BEGINNER', 40)`);
    await run(`insert into education.learning_path_courses (learning_path_id, course_id, position)
      select '${learningPathId}', ${sqlId(2, 'n')}, n from generate_series(0, 7) as n`);
    await run('drop table sizes');
    await run('vacuum (analyze)');
    await run('checkpoint');
  } finally {
    client.release(true);
  }
}

/** So many different enrollments of a database with `size`, at random. */
export function pick(size: number, count: number): number[] {
  const picked = new Set<number>();
  while (picked.size < count) picked.add(Math.floor(Math.random() * size));
  return [...picked];
}

/** The same of course 0 alone. */
export function pickOfLargest(size: number, count: number): number[] {
  return pick(Math.ceil(size / 2), count).map((n) => 2 * n);
}

/** Learners go on in a module of these enrollments: what most events are. */
export function steps(enrollments: number[]): ProgressEvent[] {
  return enrollments.map((i) => event(i, 1 + Math.floor(Math.random() * (MODULES - 1))));
}

function event(i: number, module: number): ProgressEvent {
  const course = courseOf(i);
  return {
    eventId: randomUUID(),
    userId: userId(learnerOf(i)),
    courseId: courseId(course),
    moduleId: moduleId(course, module),
    kind: 'progressed',
    percent: Math.floor(Math.random() * 100),
    position: `page ${Math.floor(Math.random() * 100)}`,
    occurredAt: new Date(),
  };
}

/** Completes modules that nobody completed yet, so that weights, counters and statistics move. */
export function completions(enrollments: number[]): ProgressEvent[] {
  return steps(enrollments).map(({ percent: _, ...one }) => ({ ...one, kind: 'completed' }));
}
