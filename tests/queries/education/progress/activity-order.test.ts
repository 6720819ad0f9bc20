import { describe, expect, it } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { listAtRiskLearners, listCourseProgress } from '../../../../src/queries/education/index.ts';
import { selectAtRisk } from '../../../../src/queries/education/progress/list-at-risk-learners.ts';
import {
  selectPageByActivity,
  selectPageByProgress,
} from '../../../../src/queries/education/progress/list-course-progress.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { at, enrollCrowd, openCourse, poolOf, readAll } from '../fixture.ts';

const LEARNERS = 3_000;
const LIMIT = 21;

interface PlanNode {
  'Node Type': string;
  'Scan Direction'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The nodes of the plan of a statement as it is shipped, after it ran. */
async function explain(
  db: Db,
  mode: 'force_custom_plan' | 'force_generic_plan',
  text: string,
  values: (string | number | null)[],
): Promise<PlanNode[]> {
  return await transaction(db, async (tx) => {
    const literals = values.map((value) => (value === null ? 'null' : `'${value}'`));
    await tx.execute(`set local plan_cache_mode = ${mode}`);
    await tx.execute(`prepare explained as ${text}`);
    const { rows } = await tx.execute(
      `explain (analyze, format json) execute explained(${literals.join(', ')})`,
    );
    await tx.execute('deallocate explained');
    const [first] = rows as { 'QUERY PLAN': [{ Plan: PlanNode }] }[];
    return first === undefined ? [] : nodesOf(first['QUERY PLAN'][0].Plan);
  });
}

describe.each(['force_custom_plan', 'force_generic_plan'] as const)('with %s', (mode) => {
  const database = useTestDatabase();
  let course: Promise<{ courseId: string; someone: string; middle: string }> | undefined;

  /**
   * Someone active every minute, so fifteen in each slot. A hundred courses have one learner each, so that a plan for
   * any course expects a small one.
   */
  async function fillBusyCourse() {
    for (let count = 0; count < 100; count += 1) await openCourse(database.db);
    await poolOf(database.db).query(
      `insert into education.enrollments (user_id, course_id, revision, total_weight)
       select instructor_id, courses.id, 1, total_weight
       from education.courses
       join education.course_revisions on course_id = courses.id`,
    );
    const { courseId } = await openCourse(database.db);
    const crowd = await enrollCrowd(database.db, courseId, LEARNERS, 1);
    await poolOf(database.db).query(
      `insert into education.assessments (user_id, course_id, type, title, max_score)
       select user_id, course_id, 'QUIZ', 'Q', 10 from education.enrollments where course_id = $1`,
      [courseId],
    );
    await poolOf(database.db).query('analyze education.assessments');
    return {
      courseId,
      someone: crowd[0] as string,
      middle: at(LEARNERS / 2 / 1_440).toISOString(),
    };
  }

  function busyCourse() {
    course ??= fillBusyCourse();
    return course;
  }

  it('a page by progress is read from its index, without a sort', async () => {
    const { courseId, someone } = await busyCourse();
    const { text } = selectPageByProgress;
    const nodes = await explain(database.db, mode, text, [courseId, LIMIT, 5_000, someone]);
    expect(nodes).toContainEqual(
      expect.objectContaining({
        'Index Name': 'enrollments_course_progress_idx',
        'Scan Direction': 'Backward',
      }),
    );
    expect(nodes.filter((node) => node['Node Type'].includes('Sort'))).toEqual([]);
  });

  /** Reads its index from the cursor's slot on, and sorts what it found: some slots, and not the course. */
  function expectFewSlots(nodes: PlanNode[], direction: 'Forward' | 'Backward') {
    const [scan] = nodes.filter((one) => one['Index Name'] === 'enrollments_course_activity_idx');
    expect(scan).toMatchObject({ 'Node Type': 'Index Scan', 'Scan Direction': direction });
    const read = (scan?.['Actual Rows'] ?? 0) + (scan?.['Rows Removed by Filter'] ?? 0);
    expect(read).toBeGreaterThanOrEqual(LIMIT);
    expect(read).toBeLessThan(100);
    const [sort, ...others] = nodes.filter((node) => node['Node Type'].includes('Sort'));
    expect(nodesOf(sort as PlanNode)).toContain(scan);
    expect(others).toEqual([]);
    expect(nodes.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
  }

  it('a page by activity reads a few slots, wherever it begins', async () => {
    const { courseId, someone, middle } = await busyCourse();
    const { text } = selectPageByActivity;
    for (const after of ['infinity', middle]) {
      const nodes = await explain(database.db, mode, text, [courseId, LIMIT, after, someone]);
      expectFewSlots(nodes, 'Backward');
    }
  });

  it('a page of who is at risk reads a few slots, and the assessments of one learner by index', async () => {
    const { courseId, someone, middle } = await busyCourse();
    const lines = [courseId, at(60).toISOString(), 14, 60, 5_000, 2, LIMIT];
    for (const after of ['-infinity', middle]) {
      const nodes = await explain(database.db, mode, selectAtRisk.text, [...lines, after, someone]);
      expectFewSlots(nodes, 'Forward');
      expect(nodes.map((node) => node['Index Name'])).toContain('assessments_user_course_idx');
    }
  });
});

describe('the order by activity', () => {
  const database = useTestDatabase();

  it('is that of the times, to the microsecond, within slots and across them', async () => {
    const { courseId } = await openCourse(database.db);
    await enrollCrowd(database.db, courseId, 90);
    // Three slots, with ties, their first moments and the microseconds around those.
    await poolOf(database.db).query(
      `update education.enrollments
       set last_activity_at = enrolled_at
         + n % 4 * interval '15 minutes' + (n % 7 - 1) * interval '1 microsecond'
         + case when n % 3 = 0 then n * interval '9.5 seconds' else '0' end + interval '1 microsecond'
       from (select user_id, row_number() over (order by user_id) as n from education.enrollments) as numbered
       where numbered.user_id = enrollments.user_id`,
    );
    const { rows } = await poolOf(database.db).query(
      `select user_id from education.enrollments where course_id = $1 order by last_activity_at, user_id`,
      [courseId],
    );
    const oldestFirst = rows.map((row) => row.user_id);
    for (const limit of [1, 7, 100]) {
      const atRisk = await readAll((cursor) =>
        listAtRiskLearners(database.db, { courseId, now: at(60), limit, cursor }),
      );
      expect(atRisk.map((item) => item.userId)).toEqual(oldestFirst);
      const roster = await readAll((cursor) =>
        listCourseProgress(database.db, { courseId, order: 'activity', limit, cursor }),
      );
      expect(roster.map((item) => item.userId)).toEqual(oldestFirst.toReversed());
    }
  });
});
