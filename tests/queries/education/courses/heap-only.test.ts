import { expect, it } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import { type ProgressEvent, recordProgress } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { enrollCrowd, eventsOf, openCourse, poolOf, type TestCourse } from '../fixture.ts';

const LEARNERS = 1_000;
const MINUTE = 1 / 1_440;

const database = useTestDatabase();

/** Learners who were all last active at START, which begins a slot. */
async function crowdedCourse() {
  const course = await openCourse(database.db);
  // Room for a second version of every row at once: what is proved is that no index is in the way.
  await poolOf(database.db).query('alter table education.enrollments set (fillfactor = 40)');
  const learners = await enrollCrowd(database.db, course.courseId, LEARNERS);
  return { course, learners };
}

/** One event of each learner, and how the enrollments were updated by it. */
async function recordOneEach(
  { course, learners }: { course: TestCourse; learners: string[] },
  kind: ProgressEvent['kind'],
  minutes: number,
) {
  const events = learners.map((userId) => eventsOf(userId, course)(kind, 0, minutes * MINUTE));
  return await transaction(database.db, async (tx) => {
    // Of this transaction alone, and at once; the session may still hold counts of those before.
    const count = async () => {
      const { rows } = await tx.execute(
        `select n_tup_upd::integer as updated, n_tup_hot_upd::integer as heap_only
         from pg_stat_xact_user_tables where relid = 'education.enrollments'::regclass`,
      );
      return rows[0] as { updated: number; heap_only: number };
    };
    const before = await count();
    await recordProgress(tx, { events });
    const after = await count();
    return {
      updated: after.updated - before.updated,
      heapOnly: after.heap_only - before.heap_only,
    };
  });
}

async function indexSizes() {
  const { rows } = await poolOf(database.db).query(
    `select indexrelid::regclass::text as name, pg_relation_size(indexrelid)::integer as size
     from pg_index where indrelid = 'education.enrollments'::regclass order by name`,
  );
  return rows;
}

it('an event that completes nothing leaves every index of enrollments alone within a slot', async () => {
  const crowd = await crowdedCourse();
  const before = await indexSizes();
  expect(before).toHaveLength(4);
  expect(await recordOneEach(crowd, 'progressed', 14.99)).toEqual({
    updated: LEARNERS,
    heapOnly: LEARNERS,
  });
  expect(await indexSizes()).toEqual(before);
});

it('the first event of the next slot is a new entry, and so is a completion', async () => {
  const crowd = await crowdedCourse();
  const none = { updated: LEARNERS, heapOnly: 0 };
  const before = await indexSizes();
  expect(await recordOneEach(crowd, 'progressed', 15)).toEqual(none);
  expect(await indexSizes()).not.toEqual(before);
  expect(await recordOneEach(crowd, 'completed', 15.01)).toEqual(none);
});

it('an earlier completion of a module changes the enrollment, and no index of it', async () => {
  const crowd = await crowdedCourse();
  await recordOneEach(crowd, 'completed', 10);
  await poolOf(database.db).query('vacuum education.enrollments');
  const before = await indexSizes();
  expect(await recordOneEach(crowd, 'completed', 5)).toEqual({
    updated: LEARNERS,
    heapOnly: LEARNERS,
  });
  expect(await indexSizes()).toEqual(before);
});
