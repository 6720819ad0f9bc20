import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getProgress, recordProgress } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { at, enrolledLearner, eventsOf, openCourse } from '../fixture.ts';

describe('getProgress', () => {
  const database = useTestDatabase();

  afterEach(() => vi.restoreAllMocks());

  it('reads an enrollment with its modules and where to resume in one round trip', async () => {
    const course = await openCourse(database.db, [{}, { prerequisites: [0] }, {}]);
    const { courseId, moduleIds } = course;
    const userId = await enrolledLearner(database.db, courseId);
    const event = eventsOf(userId, course);
    await recordProgress(database.db, {
      events: [event('completed', 0, 1), event('progressed', 1, 2, { position: 'page 2' })],
    });
    const queries = vi.spyOn(pg.Client.prototype, 'query');
    const progress = await getProgress(database.db, { userId, courseId });
    expect(queries).toHaveBeenCalledTimes(1);
    expect(progress).toMatchObject({
      doneWeight: 1,
      lastActivityAt: at(2),
      modules: [
        { moduleId: moduleIds[0], completedAt: at(1) },
        { unlocked: true, prerequisites: [moduleIds[0]], position: 'page 2' },
        { startedAt: null },
      ],
      resume: { moduleId: moduleIds[1], position: 'page 2' },
    });
  });
});
