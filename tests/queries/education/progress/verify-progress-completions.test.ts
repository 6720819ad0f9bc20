import { describe, expect, it } from 'vitest';
import { useVerifiedCourse } from '../courses/verified-course.ts';
import { poolOf, START } from '../fixture.ts';

describe('verifyProgress, of completions and what is published of them,', () => {
  const course = useVerifiedCourse();
  const { database, found, plant, setAside } = course;

  it('lets an outbox be emptied, and misses an event only where it must still be there', async () => {
    const { rows } = await poolOf(database.db).query(
      `select id, data from platform.events where data ->> 'userId' = $1`,
      [course.done],
    );
    await plant(
      `delete from platform.events where data ->> 'userId' = '${course.done}'`,
      `insert into platform.events (id, type, source, data)
       values ('${rows[0]?.id}', 'course.completed', 'education', '${JSON.stringify(rows[0]?.data)}')`,
    );
    expect(await found()).toEqual([]);
    expect(await found({ outboxKeptSince: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await found({ outboxKeptSince: START })).toEqual([
      ['completion', course.done, 'course.completed', '1', '0'],
    ]);
  });

  it('finds a completion whose event has another id, and one that has no row', async () => {
    const where = `where data ->> 'userId' = '${course.done}'`;
    const { rows } = await poolOf(database.db).query(`select id from platform.events ${where}`);
    await plant(
      `update platform.events set id = gen_random_uuid() ${where}`,
      `update platform.events set id = '${rows[0]?.id}' ${where}`,
    );
    expect(await found()).toEqual([
      [
        'completion',
        course.done,
        'course.completed',
        '1',
        'an event with another id than that of the completion of revision 1',
      ],
    ]);
    await setAside(`education.course_completions where user_id = '${course.done}'`);
    expect(await found()).toEqual([
      ['completion', course.done, 'course.completed', '1', 'no completion row for revision 1'],
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
       select type, 'planted', data from platform.events where data ->> 'userId' = '${course.done}'`,
      `delete from platform.events where source = 'planted'`,
    );
    expect(await found()).toEqual([['completion', course.done, 'course.completed', '1', '2']]);
  });

  it.each([
    ['1', '1'],
    ['"x"', 'x'],
    ['null', 'null'],
  ])('finds an event for a completion of revision %s that never was', async (revision, text) => {
    await plant(
      `insert into platform.events (type, source, data) values ('course.completed', 'planted',
       '{"userId": "${course.half}", "courseId": "${course.courseId}", "revision": ${revision}}')`,
      `delete from platform.events where source = 'planted'`,
    );
    const actual = `an event without a completion of revision ${text}`;
    expect(await found()).toEqual([['completion', course.half, 'course.completed', '1', actual]]);
  });

  it('finds a completion that was not earned', async () => {
    await plant(
      `set session_replication_role = replica;
       insert into education.course_completions (user_id, course_id, revision)
       values ('${course.half}', '${course.courseId}', 1);
       reset session_replication_role`,
      `set session_replication_role = replica;
       delete from education.course_completions where user_id = '${course.half}';
       reset session_replication_role`,
    );
    const actual = 'a completion that was not earned of revision 1';
    expect(await found()).toEqual([['completion', course.half, 'course.completed', '1', actual]]);
  });
});
