import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  moveEnrollments,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useVerifiedCourse } from '../courses/verified-course.ts';
import { enrolledLearner, eventsOf, openCourse, poolOf } from '../fixture.ts';

describe('verifyProgress', () => {
  const course = useVerifiedCourse();
  const { database, found, plant, setAside } = course;

  it('finds nothing when nothing is wrong, in chunks of any size', async () => {
    expect(await found({ chunk: 1 })).toEqual([]);
  });

  it.each([
    ['percent', '31', '30', '31'],
    ['position', `'p9'`, 'p3', 'p9'],
    ['position_event_id', `'${randomUUID()}'`, expect.any(String), expect.any(String)],
    ['position_at', `'2026-02-01 00:00:00+00'`, '2026-01-06 08:00:00+00', '2026-02-01 00:00:00+00'],
    ['started_at', `'2026-01-05 08:00:00+00'`, '2026-01-06 08:00:00+00', '2026-01-05 08:00:00+00'],
    [
      'last_activity_at',
      `'2026-01-07 00:00:00+00'`,
      '2026-01-06 08:00:00+00',
      '2026-01-07 00:00:00+00',
    ],
  ])(
    'finds a module whose %s is not what the events say',
    async (column, value, expected, actual) => {
      const where = `where user_id = '${course.half}' and module_id = '${course.moduleIds[0]}'`;
      const { rows } = await poolOf(database.db).query(
        `select ${column}::text as old from education.module_progress ${where}`,
      );
      await plant(
        `update education.module_progress set ${column} = ${value} ${where}`,
        `update education.module_progress set ${column} = '${rows[0]?.old}' ${where}`,
      );
      expect(await found()).toEqual([['module', course.half, column, expected, actual]]);
    },
  );

  it('finds a completion of a module that no event tells of, and the other way round', async () => {
    const where = `where user_id = '${course.half}' and module_id = '${course.moduleIds[1]}'`;
    await plant(
      `update education.module_progress set completed_at = null ${where}`,
      `update education.module_progress set completed_at = '2026-01-09 08:00:00+00' ${where}`,
    );
    expect(await found()).toEqual([
      ['module', course.half, 'completed_at', '2026-01-09 08:00:00+00', null],
    ]);
  });

  it('finds a module row that is missing, with all that the events say', async () => {
    const where = `where user_id = '${course.half}' and module_id = '${course.moduleIds[0]}'`;
    await setAside(`education.module_progress ${where}`);
    const kinds = (await found()).map(([kind, userId, field]) => [kind, userId, field]);
    expect(kinds).toContainEqual(['module', course.half, 'percent']);
    expect(kinds).toContainEqual(['module', course.half, 'position']);
    expect(new Set(kinds.map(([kind]) => kind))).toEqual(new Set(['module']));
  });

  it.each([
    ['done_weight', '1', '2', '1'],
    ['total_weight', '4', '3', '4'],
    [
      'last_activity_at',
      `'2026-05-01 00:00:00+00'`,
      '2026-01-09 08:00:00+00',
      '2026-05-01 00:00:00+00',
    ],
  ])('finds an enrollment whose %s has drifted', async (column, value, expected, actual) => {
    await plant(
      `update education.enrollments set ${column} = ${value} where user_id = '${course.half}'`,
      `update education.enrollments set ${column} = '${expected}' where user_id = '${course.half}'`,
    );
    const findings = await found();
    expect(findings).toContainEqual(['enrollment', course.half, column, expected, actual]);
    expect(new Set(findings.map(([, userId]) => userId))).toEqual(
      new Set(column === 'last_activity_at' ? [course.half] : [course.half, null]),
    );
  });

  it('finds a completed course that the events do not complete', async () => {
    await setAside(
      `education.progress_events where user_id = '${course.done}' and module_id = '${course.moduleIds[1]}'`,
    );
    const findings = await found();
    expect(findings).toContainEqual(['enrollment', course.done, 'status', 'ACTIVE', 'COMPLETED']);
    expect(findings).toContainEqual(['enrollment', course.done, 'done_weight', '1', '3']);
    expect(findings).toContainEqual([
      'enrollment',
      course.done,
      'completed_at',
      null,
      '2026-01-07 08:00:00+00',
    ]);
  });

  it('finds a completion at another time', async () => {
    await plant(
      `update education.enrollments set completed_at = '2026-03-01 00:00:00+00' where user_id = '${course.done}'`,
      `update education.enrollments set completed_at = '2026-01-07 08:00:00+00' where user_id = '${course.done}'`,
    );
    expect(await found()).toEqual([
      [
        'enrollment',
        course.done,
        'completed_at',
        '2026-01-07 08:00:00+00',
        '2026-03-01 00:00:00+00',
      ],
    ]);
  });

  const COMPLETED = `update education.enrollments set status = 'COMPLETED', dropped_at = null,
    completed_at = '2026-01-07 08:00:00+00', completed_revision = 1`;

  it('finds a course that is done while its learner is still active', async () => {
    const name = 'enrollments_active_has_weight_left_check';
    await plant(
      `alter table education.enrollments drop constraint ${name}`,
      `alter table education.enrollments add constraint ${name}
       check (status <> 'ACTIVE' or done_weight < total_weight)`,
    );
    await plant(
      `update education.enrollments set status = 'ACTIVE', completed_at = null, completed_revision = null
       where user_id = '${course.done}'`,
      `${COMPLETED} where user_id = '${course.done}'`,
    );
    expect(await found()).toEqual([
      ['enrollment', course.done, 'status', 'COMPLETED', 'ACTIVE'],
      ['statistics', null, 'active', '2', '1'],
      ['statistics', null, 'completed', '0', '1'],
    ]);
  });

  it('finds a course that is done by someone who is said to have dropped out', async () => {
    await plant(
      `update education.enrollments set status = 'DROPPED', dropped_at = now(), completed_at = null,
       completed_revision = null where user_id = '${course.done}'`,
      `${COMPLETED} where user_id = '${course.done}'`,
    );
    expect(await found()).toEqual([
      ['enrollment', course.done, 'status', 'COMPLETED', 'DROPPED'],
      ['statistics', null, 'basis_points', '6666', '16666'],
      ['statistics', null, 'completed', '0', '1'],
      ['statistics', null, 'decile_9', '0', '1'],
      ['statistics', null, 'dropped', '1', '0'],
    ]);
  });

  it('finds streak days that the events do not tell of', async () => {
    await plant(
      `update education.learner_days set days = '{[2026-01-06,2026-01-08)}' where user_id = '${course.half}'`,
      `update education.learner_days set days = '{[2026-01-06,2026-01-07),[2026-01-09,2026-01-10)}'
       where user_id = '${course.half}'`,
    );
    expect(await found()).toEqual([
      [
        'streak',
        course.half,
        'days',
        '{[2026-01-06,2026-01-07),[2026-01-09,2026-01-10)}',
        '{[2026-01-06,2026-01-08)}',
      ],
    ]);
  });

  it.each(['active', 'completed', 'dropped', 'basis_points', 'decile_0', 'decile_6', 'decile_9'])(
    'finds a course whose count %s is off',
    async (column) => {
      const change = (sign: string) =>
        `update education.course_statistics set ${column} = ${column} ${sign} 1
         where course_id = '${course.courseId}' and shard_id = (
           select min(shard_id::text)::uuid from education.course_statistics where course_id = '${course.courseId}')`;
      await plant(change('+'), change('-'));
      expect((await found()).map(([kind, , field]) => [kind, field])).toEqual([
        ['statistics', column],
      ]);
    },
  );

  it('names the rows by the keys that each kind has', async () => {
    const { half, courseId } = course;
    const ofHalf = `where user_id = '${half}'`;
    await plant(
      `update education.module_progress set percent = 1 ${ofHalf} and module_id = '${course.moduleIds[0]}'`,
      `update education.module_progress set percent = 30 ${ofHalf} and module_id = '${course.moduleIds[0]}'`,
    );
    await plant(
      `update education.enrollments set done_weight = 1 ${ofHalf}`,
      `update education.enrollments set done_weight = 2 ${ofHalf}`,
    );
    await plant(
      `update education.learner_days set days = '{[2026-01-06,2026-01-08)}' ${ofHalf}`,
      `update education.learner_days set days = '{[2026-01-06,2026-01-07),[2026-01-09,2026-01-10)}' ${ofHalf}`,
    );
    await setAside(`education.course_completions where user_id = '${course.done}'`);
    const { clean, findings } = await verifyProgress(database.db);
    expect(clean).toBe(false);
    const keys = Object.fromEntries(findings.map((finding) => [finding.kind, finding.keys]));
    expect(keys).toEqual({
      module: { userId: half, courseId, moduleId: course.moduleIds[0] },
      enrollment: { userId: half, courseId },
      completion: { userId: course.done, courseId },
      streak: { userId: half },
      statistics: { courseId },
    });
    expect(findings[0]).toEqual({
      kind: 'module',
      keys: { userId: half, courseId, moduleId: course.moduleIds[0] },
      field: 'percent',
      expected: '30',
      actual: '1',
    });
  });

  it('looks at one learner or one course when asked, and stops at the limit', async () => {
    await plant(
      `update education.module_progress set percent = 1, position = 'x'
       where user_id = '${course.half}' and module_id = '${course.moduleIds[0]}'`,
      `update education.module_progress set percent = 30, position = 'p3'
       where user_id = '${course.half}' and module_id = '${course.moduleIds[0]}'`,
    );
    expect(await found({ userId: course.done })).toEqual([]);
    expect(await found({ courseId: randomUUID() })).toEqual([]);
    expect(await found({ userId: course.half })).toHaveLength(2);
    expect(await found({ courseId: course.courseId, limit: 1 })).toHaveLength(1);
  });

  it('finds a learner whom a strict revision reopened and who is COMPLETED all the same', async () => {
    const revised = await openCourse(database.db, [{}, {}]);
    const userId = await enrolledLearner(database.db, revised.courseId);
    const event = eventsOf(userId, revised);
    await recordProgress(database.db, {
      events: [event('completed', 0, 1), event('completed', 1, 2)],
    });
    const modules = [{}, {}].map((_, index) => ({
      title: 'M',
      content: '',
      ...(index === 0 ? { id: revised.moduleIds[0] as string } : {}),
    }));
    await reviseCourse(database.db, { courseId: revised.courseId, modules });
    await publishCourse(database.db, { courseId: revised.courseId, policy: 'STRICT' });
    await moveEnrollments(database.db, { courseId: revised.courseId, revision: 2 });
    const set = (changes: string) =>
      poolOf(database.db).query(`update education.enrollments set ${changes} where user_id = $1`, [
        userId,
      ]);
    await set(
      `status = 'COMPLETED', completed_revision = 1, completed_at = '2026-01-07 08:00:00+00'`,
    );
    expect(await found()).toEqual([['enrollment', userId, 'status', 'ACTIVE', 'COMPLETED']]);
    await set(`status = 'ACTIVE', completed_revision = null, completed_at = null`);
  });
});
