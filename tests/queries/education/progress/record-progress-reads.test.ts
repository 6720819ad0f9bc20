import { expect, it } from 'vitest';
import { recordProgress } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { enrolledLearner, eventsOf, openCourse, poolOf, scansOf } from '../fixture.ts';

const database = useTestDatabase();

it('recordProgress reads by key alone, however many learners are in the same modules', async () => {
  const course = await openCourse(database.db, [{ weight: 1 }, { weight: 2 }]);
  const userId = await enrolledLearner(database.db, course.courseId);
  const event = eventsOf(userId, course);
  // Many courses, so that course and module each look selective to the planner, which takes them for
  // independent: then an index on the two looks as good as the key, and is not.
  for (let count = 0; count < 60; count += 1) await openCourse(database.db, [{}, {}, {}]);
  const { rows: crowd } = await poolOf(database.db).query(
    `insert into identity.users (email, name)
     select gen_random_uuid() || '@example.com', 'C' from generate_series(1, 60)
     returning id`,
  );
  const ids = crowd.map((row) => row.id);
  await poolOf(database.db).query(
    `insert into education.enrollments (user_id, course_id, revision, total_weight)
     select user_id, course_id, revision, total_weight
     from unnest($1::uuid[]) as user_id, education.course_revisions`,
    [ids],
  );
  await poolOf(database.db).query(
    `insert into education.module_progress (user_id, course_id, module_id, started_at, last_activity_at)
     select user_id, course_id, module_id, now(), now()
     from unnest($1::uuid[]) as user_id, education.revision_modules`,
    [ids],
  );
  await poolOf(database.db).query(
    'vacuum (analyze) education.module_progress, education.enrollments',
  );
  const scans = await scansOf(database.db, async (tx) => {
    await recordProgress(tx, { events: [event('completed', 0, 1), event('completed', 1, 1)] });
    await recordProgress(tx, { events: [event('started', 0, -1)] });
  });
  for (const name of ['enrollments', 'module_progress']) {
    const scan = scans.find(({ table }) => table === name);
    expect(scan).toMatchObject({ sequential: 0 });
    expect(scan?.fetched).toBeLessThan(50);
  }
});
