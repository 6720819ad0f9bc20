import { expect, it } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  recordProgress,
  reviseCourse,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { countDeadlocks, watchingForDeadlocks } from '../../../setup/deadlocks.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { enrollCrowd, eventsOf, openCourse } from '../fixture.ts';

const database = useTestDatabase();
const CALLERS = 4;
const CALLS = 25;
const MODULES = 8;

it('learners begin modules while an author reorders them, without a deadlock', async () => {
  const { db, url } = database;
  const course = await openCourse(
    db,
    Array.from({ length: MODULES }, () => ({})),
  );
  const { courseId, moduleIds } = course;
  const learners = await enrollCrowd(db, courseId, 2 * CALLERS * CALLS);
  const applicationName = 'begin and reorder';
  const busy = await connect({ url: watchingForDeadlocks(url), max: 8, applicationName });
  let isOver = false;

  const author = async () => {
    for (let turn = 0; !isOver; turn += 1) {
      const order = moduleIds.map((_, index) => moduleIds[(index * 3 + turn) % MODULES] as string);
      const modules = order.map((id) => ({ id, title: 'M', content: '' }));
      await transaction(busy, (tx) => reviseCourse(tx, { courseId, modules }), { maxAttempts: 1 });
    }
  };
  const caller = async () => {
    for (let call = 0; call < CALLS; call += 1) {
      // The second learner begins with modules that come before those of the first.
      const [first, second] = [learners.pop() as string, learners.pop() as string].sort();
      const begin = (userId: string | undefined, module: number) =>
        eventsOf(userId as string, course)('started', module, 1);
      const half = MODULES / 2;
      const events = Array.from({ length: half }, (_, module) => [
        begin(first, module + half),
        begin(second, module),
      ]);
      expect(await recordProgress(busy, { events: events.flat() })).toMatchObject({
        applied: MODULES,
      });
    }
  };

  const editing = author();
  try {
    await Promise.all(Array.from({ length: CALLERS }, caller));
  } finally {
    isOver = true;
    await editing;
    await busy.close();
  }
  expect(await countDeadlocks(db, applicationName)).toBe(0);
  expect(await verifyProgress(db, { courseId })).toMatchObject({ findings: [] });
});
