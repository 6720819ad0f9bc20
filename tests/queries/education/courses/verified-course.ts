import { afterEach, beforeAll, expect } from 'vitest';
import { recordProgress, verifyProgress } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { enrolledLearner, eventsOf, openCourse } from '../fixture.ts';

/**
 * A course of two modules, one learner who has done it and one who is half through, and ways to falsify what is stored of
 * them. After each test all is put back, and verifyProgress has to find nothing.
 */
export function useVerifiedCourse() {
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
    const { clean, findings } = await verifyProgress(database.db, params);
    expect(clean).toBe(findings.length === 0);
    return findings.map(({ kind, keys, field, expected, actual }) => [
      kind,
      keys.userId ?? null,
      field,
      expected,
      actual,
    ]);
  };

  afterEach(async () => {
    for (const undo of restore.splice(0).reverse()) await tamper(undo);
    expect(await found()).toEqual([]);
  });

  return {
    database,
    plant,
    setAside,
    found,
    get done() {
      return done;
    },
    get half() {
      return half;
    },
    get courseId() {
      return courseId;
    },
    get moduleIds() {
      return moduleIds;
    },
  };
}
