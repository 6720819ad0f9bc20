import { describe, expect, it } from 'vitest';
import { WrongStateError } from '../../../../src/errors.ts';
import {
  dropEnrollment,
  getCourseStats,
  recordProgress,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { at, enrolledLearner, eventsOf, learnerState, openCourse, poolOf } from '../fixture.ts';

describe('the database refuses', () => {
  const database = useTestDatabase();
  const run = (sql: string, values: unknown[] = []) => poolOf(database.db).query(sql, values);

  async function finisher() {
    const course = await openCourse(database.db, [{ weight: 2 }]);
    const userId = await enrolledLearner(database.db, course.courseId);
    const events = [eventsOf(userId, course)('completed', 0, 1)];
    await recordProgress(database.db, { events });
    return { userId, courseId: course.courseId, moduleId: course.moduleIds[0] as string };
  }

  it.each([
    ['progress_events', 'update education.progress_events set percent = 1'],
    ['progress_events', 'truncate education.progress_events'],
    ['progress_events', 'delete from education.progress_events where user_id = $1'],
    ['progress_events', 'delete from education.module_progress where user_id = $1'],
    ['course_completions', 'update education.course_completions set revision = 9'],
    ['course_completions', 'delete from education.course_completions where user_id = $1'],
    ['enrollments', 'truncate education.enrollments cascade'],
  ])('to change the history in %s: %s', async (table, sql) => {
    const { userId } = await finisher();
    await expect(run(sql, sql.includes('$1') ? [userId] : [])).rejects.toMatchObject({
      code: '23001',
      constraint: `${table}_append_only`,
    });
  });

  it.each([
    ['enrollments_done_weight_range_check', 'done_weight = 3, revision = 2'],
    [
      'enrollments_active_has_weight_left_check',
      `status = 'ACTIVE', completed_at = null, completed_revision = null`,
    ],
    ['enrollments_completed_has_whole_weight_check', 'done_weight = 1'],
    ['enrollments_completed_has_time_check', 'completed_at = null'],
    ['enrollments_completed_has_revision_check', 'completed_revision = null'],
    ['enrollments_completed_revision_check', 'completed_revision = 2'],
    ['enrollments_activity_after_enrolled_check', `last_activity_at = '2020-01-01'`],
  ])('an enrollment that breaks %s', async (constraint, change) => {
    const { userId } = await finisher();
    await expect(
      run(`update education.enrollments set ${change} where user_id = $1`, [userId]),
    ).rejects.toMatchObject({ code: '23514', constraint });
  });

  it('a completed enrollment that was not published', async () => {
    const { courseId } = await openCourse(database.db, [{ weight: 2 }]);
    const userId = await enrolledLearner(database.db, courseId);
    await expect(
      run(
        `update education.enrollments set status = 'COMPLETED', done_weight = 2, completed_at = now(),
         completed_revision = 1 where user_id = $1`,
        [userId],
      ),
    ).rejects.toMatchObject({ code: '23503', constraint: 'enrollments_completion_fkey' });
  });

  it('a module that completes without being whole, and a position without its event', async () => {
    const { userId } = await finisher();
    const change = (set: string) =>
      run(`update education.module_progress set ${set} where user_id = $1`, [userId]);
    await expect(change('percent = 99')).rejects.toMatchObject({
      constraint: 'module_progress_completed_is_whole_check',
    });
    await expect(change(`position = 'x', position_at = now()`)).rejects.toMatchObject({
      constraint: 'module_progress_position_has_event_check',
    });
    await expect(
      change(`position = 'x', position_event_id = gen_random_uuid()`),
    ).rejects.toMatchObject({
      constraint: 'module_progress_position_has_time_check',
    });
  });

  it('to let someone drop a course that they completed', async () => {
    const { userId, courseId } = await finisher();
    await expect(dropEnrollment(database.db, { userId, courseId })).rejects.toThrow(
      new WrongStateError('enrollment', 'COMPLETED', 'ACTIVE'),
    );
    const active = await openCourse(database.db);
    const other = await enrolledLearner(database.db, active.courseId);
    const dropped = await dropEnrollment(database.db, {
      userId: other,
      courseId: active.courseId,
      droppedAt: at(2),
    });
    expect(dropped).toMatchObject({ status: 'DROPPED', droppedAt: at(2) });
  });

  it('nothing of a user who is erased: their history goes with them, and only theirs', async () => {
    const { userId, courseId } = await finisher();
    const other = await enrolledLearner(database.db, courseId);
    const before = await learnerState(database.db, other);
    await run('delete from identity.users where id = $1', [userId]);
    expect(await learnerState(database.db, userId)).toMatchObject({
      enrollments: [],
      modules: [],
      events: [],
      days: [],
      completions: [],
    });
    expect(await learnerState(database.db, other)).toEqual(before);
    expect(await getCourseStats(database.db, { courseId })).toMatchObject({
      enrolled: 1,
      completed: 0,
    });
    expect(await verifyProgress(database.db, { courseId })).toMatchObject({ findings: [] });
  });
});
