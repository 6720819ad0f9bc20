import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  moveEnrollments,
  publishCourse,
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { enrolledLearner, eventsOf, openCourse, poolOf, START } from './fixture.ts';

describe('verifyProgress', () => {
  const database = useTestDatabase();
  let done: string;
  let half: string;
  let courseId: string;
  let moduleIds: string[];

  beforeAll(async () => {
    const course = await openCourse(database.db, [{ weight: 1 }, { weight: 2 }]);
    ({ courseId, moduleIds } = course);
    done = await enrolledLearner(database.db, courseId);
    half = await enrolledLearner(database.db, courseId);
    const [doneEvent, halfEvent] = [eventsOf(done, course), eventsOf(half, course)];
    await recordProgress(database.db, {
      events: [
        doneEvent('completed', 0, 1),
        doneEvent('completed', 1, 2),
        halfEvent('progressed', 0, 1, { percent: 30, position: 'p3' }),
        halfEvent('completed', 1, 4),
      ],
    });
  });

  const restore: string[] = [];

  /** Changes rows past every trigger and constraint check that a trigger makes, until the test is over. */
  async function plant(sql: string, undo: string) {
    await tamper(sql);
    restore.push(undo);
  }

  async function tamper(sql: string) {
    const client = await database.db.$client.connect();
    try {
      await client.query('set session_replication_role = replica');
      const result = await client.query(sql);
      // A plant that changes nothing would prove nothing; DDL counts no rows.
      expect(result.rowCount).not.toBe(0);
      await client.query('set session_replication_role = origin');
    } finally {
      client.release(true);
    }
  }

  /** Deletes rows until the test is over. */
  async function setAside(from: string) {
    await tamper(`create table public.aside as select * from ${from}`);
    restore.push('drop table public.aside');
    const [table] = from.split(' ');
    await plant(`delete from ${from}`, `insert into ${table} select * from public.aside`);
  }

  const found = async (params = {}) => {
    const { clean, differences } = await verifyProgress(database.db, params);
    expect(clean).toBe(differences.length === 0);
    return differences.map(({ kind, userId, field, expected, actual }) => [
      kind,
      userId,
      field,
      expected,
      actual,
    ]);
  };

  afterEach(async () => {
    for (const undo of restore.splice(0).reverse()) await tamper(undo);
    expect(await found()).toEqual([]);
  });

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
      const where = `where user_id = '${half}' and module_id = '${moduleIds[0]}'`;
      const { rows } = await poolOf(database.db).query(
        `select ${column}::text as old from education.module_progress ${where}`,
      );
      await plant(
        `update education.module_progress set ${column} = ${value} ${where}`,
        `update education.module_progress set ${column} = '${rows[0]?.old}' ${where}`,
      );
      expect(await found()).toEqual([['module', half, column, expected, actual]]);
    },
  );

  it('finds a completion of a module that no event tells of, and the other way round', async () => {
    const where = `where user_id = '${half}' and module_id = '${moduleIds[1]}'`;
    await plant(
      `update education.module_progress set completed_at = null ${where}`,
      `update education.module_progress set completed_at = '2026-01-09 08:00:00+00' ${where}`,
    );
    expect(await found()).toEqual([
      ['module', half, 'completed_at', '2026-01-09 08:00:00+00', null],
    ]);
  });

  it('finds a module row that is missing, with all that the events say', async () => {
    const where = `where user_id = '${half}' and module_id = '${moduleIds[0]}'`;
    await setAside(`education.module_progress ${where}`);
    const kinds = (await found()).map(([kind, userId, field]) => [kind, userId, field]);
    expect(kinds).toContainEqual(['module', half, 'percent']);
    expect(kinds).toContainEqual(['module', half, 'position']);
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
      `update education.enrollments set ${column} = ${value} where user_id = '${half}'`,
      `update education.enrollments set ${column} = '${expected}' where user_id = '${half}'`,
    );
    const differences = await found();
    expect(differences).toContainEqual(['enrollment', half, column, expected, actual]);
    expect(new Set(differences.map(([, userId]) => userId))).toEqual(
      new Set(column === 'last_activity_at' ? [half] : [half, null]),
    );
  });

  it('finds a completed course that the events do not complete', async () => {
    await setAside(
      `education.progress_events where user_id = '${done}' and module_id = '${moduleIds[1]}'`,
    );
    const differences = await found();
    expect(differences).toContainEqual(['enrollment', done, 'status', 'ACTIVE', 'COMPLETED']);
    expect(differences).toContainEqual(['enrollment', done, 'done_weight', '1', '3']);
    expect(differences).toContainEqual([
      'enrollment',
      done,
      'completed_at',
      null,
      '2026-01-07 08:00:00+00',
    ]);
  });

  it('finds a completion at another time', async () => {
    await plant(
      `update education.enrollments set completed_at = '2026-03-01 00:00:00+00' where user_id = '${done}'`,
      `update education.enrollments set completed_at = '2026-01-07 08:00:00+00' where user_id = '${done}'`,
    );
    expect(await found()).toEqual([
      ['enrollment', done, 'completed_at', '2026-01-07 08:00:00+00', '2026-03-01 00:00:00+00'],
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
       where user_id = '${done}'`,
      `${COMPLETED} where user_id = '${done}'`,
    );
    expect(await found()).toEqual([
      ['enrollment', done, 'status', 'COMPLETED', 'ACTIVE'],
      ['statistics', null, 'active', '2', '1'],
      ['statistics', null, 'completed', '0', '1'],
    ]);
  });

  it('finds a course that is done by someone who is said to have dropped out', async () => {
    await plant(
      `update education.enrollments set status = 'DROPPED', dropped_at = now(), completed_at = null,
       completed_revision = null where user_id = '${done}'`,
      `${COMPLETED} where user_id = '${done}'`,
    );
    expect(await found()).toEqual([
      ['enrollment', done, 'status', 'COMPLETED', 'DROPPED'],
      ['statistics', null, 'basis_points', '6666', '16666'],
      ['statistics', null, 'completed', '0', '1'],
      ['statistics', null, 'decile_9', '0', '1'],
      ['statistics', null, 'dropped', '1', '0'],
    ]);
  });

  it('lets an outbox be emptied, and misses an event only where it must still be there', async () => {
    const { rows } = await poolOf(database.db).query(
      `select id, data from platform.events where data ->> 'userId' = $1`,
      [done],
    );
    await plant(
      `delete from platform.events where data ->> 'userId' = '${done}'`,
      `insert into platform.events (id, type, source, data)
       values ('${rows[0]?.id}', 'course.completed', 'education', '${JSON.stringify(rows[0]?.data)}')`,
    );
    expect(await found()).toEqual([]);
    expect(await found({ outboxKeptSince: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await found({ outboxKeptSince: START })).toEqual([
      ['completion', done, 'course.completed', '1', '0'],
    ]);
  });

  it('finds a completion whose event has another id, and one that has no row', async () => {
    const where = `where data ->> 'userId' = '${done}'`;
    const { rows } = await poolOf(database.db).query(`select id from platform.events ${where}`);
    await plant(
      `update platform.events set id = gen_random_uuid() ${where}`,
      `update platform.events set id = '${rows[0]?.id}' ${where}`,
    );
    expect(await found()).toEqual([
      [
        'completion',
        done,
        'course.completed',
        '1',
        'an event with another id than that of the completion of revision 1',
      ],
    ]);
    await setAside(`education.course_completions where user_id = '${done}'`);
    expect(await found()).toEqual([
      ['completion', done, 'course.completed', '1', 'no completion row for revision 1'],
    ]);
  });

  it.each([
    '{}',
    '{"userId": "nope", "courseId": "nope", "revision": "nope"}',
    '{"userId": [1], "courseId": {}, "revision": null}',
  ])('is not stopped by the event %s of who knows whom', async (data) => {
    await plant(
      `insert into platform.events (type, source, data) values ('course.completed', 'planted', '${data}')`,
      `delete from platform.events where source = 'planted'`,
    );
    expect(await found({ outboxKeptSince: START })).toEqual([]);
  });

  it('finds a completion that was published twice', async () => {
    await plant(
      `insert into platform.events (type, source, data)
       select type, 'planted', data from platform.events where data ->> 'userId' = '${done}'`,
      `delete from platform.events where source = 'planted'`,
    );
    expect(await found()).toEqual([['completion', done, 'course.completed', '1', '2']]);
  });

  it.each([
    ['1', '1'],
    ['"x"', 'x'],
    ['null', 'null'],
  ])('finds an event for a completion of revision %s that never was', async (revision, text) => {
    await plant(
      `insert into platform.events (type, source, data) values ('course.completed', 'planted',
       '{"userId": "${half}", "courseId": "${courseId}", "revision": ${revision}}')`,
      `delete from platform.events where source = 'planted'`,
    );
    const actual = `an event without a completion of revision ${text}`;
    expect(await found()).toEqual([['completion', half, 'course.completed', '1', actual]]);
  });

  it('finds streak days that the events do not tell of', async () => {
    await plant(
      `update education.learner_days set days = '{[2026-01-06,2026-01-08)}' where user_id = '${half}'`,
      `update education.learner_days set days = '{[2026-01-06,2026-01-07),[2026-01-09,2026-01-10)}'
       where user_id = '${half}'`,
    );
    expect(await found()).toEqual([
      [
        'streak',
        half,
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
         where course_id = '${courseId}' and shard_id = (
           select min(shard_id::text)::uuid from education.course_statistics where course_id = '${courseId}')`;
      await plant(change('+'), change('-'));
      expect((await found()).map(([kind, , field]) => [kind, field])).toEqual([
        ['statistics', column],
      ]);
    },
  );

  it('looks at one learner or one course when asked, and stops at the limit', async () => {
    await plant(
      `update education.module_progress set percent = 1, position = 'x'
       where user_id = '${half}' and module_id = '${moduleIds[0]}'`,
      `update education.module_progress set percent = 30, position = 'p3'
       where user_id = '${half}' and module_id = '${moduleIds[0]}'`,
    );
    expect(await found({ userId: done })).toEqual([]);
    expect(await found({ courseId: randomUUID() })).toEqual([]);
    expect(await found({ userId: half })).toHaveLength(2);
    expect(await found({ courseId, limit: 1 })).toHaveLength(1);
  });

  it('finds a learner whom a strict revision reopened and who is COMPLETED all the same', async () => {
    const course = await openCourse(database.db, [{}, {}]);
    const userId = await enrolledLearner(database.db, course.courseId);
    const event = eventsOf(userId, course);
    await recordProgress(database.db, {
      events: [event('completed', 0, 1), event('completed', 1, 2)],
    });
    const modules = [{}, {}].map((_, index) => ({
      title: 'M',
      content: '',
      ...(index === 0 ? { id: course.moduleIds[0] as string } : {}),
    }));
    await reviseCourse(database.db, { courseId: course.courseId, modules });
    await publishCourse(database.db, { courseId: course.courseId, policy: 'STRICT' });
    await moveEnrollments(database.db, { courseId: course.courseId, revision: 2 });
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
