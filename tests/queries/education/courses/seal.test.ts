import { describe, expect, it } from 'vitest';
import type { Db } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import { publishCourse } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { draftCourse, scansOf, type TestCourse } from '../fixture.ts';

const SEAL = { sqlState: '23514', constraint: 'course_revisions_seal_check' };

describe('the seal of a revision', () => {
  const database = useTestDatabase();

  const insertHeader = (tx: Db, { courseId }: TestCourse, modules: number, weight = modules) =>
    tx.execute(
      `insert into education.course_revisions
         (course_id, revision, policy, total_weight, module_count, prerequisite_count, published_at)
       values ('${courseId}', 1, 'PIN', ${weight}, ${modules}, 1, now())`,
    );

  const insertModule = (tx: Db, { courseId, moduleIds }: TestCourse, index: number) =>
    tx.execute(
      `insert into education.revision_modules
         (course_id, revision, module_id, position, title, content, weight, is_optional, prerequisites_needed)
       values ('${courseId}', 1, '${moduleIds[index]}', ${index}, 'M', '', 1, false, 0)`,
    );

  const insertPrerequisite = (tx: Db, course: TestCourse, module: number, other: number) =>
    tx.execute(
      `insert into education.revision_prerequisites (course_id, revision, module_id, prerequisite_id)
       values ('${course.courseId}', 1, '${course.moduleIds[module]}', '${course.moduleIds[other]}')`,
    );

  it('takes the rows that the header says, in any number of statements and savepoints', async () => {
    const course = await draftCourse(database.db);
    await transaction(database.db, async (tx) => {
      await insertHeader(tx, course, 2);
      await insertModule(tx, course, 0);
      await transaction(tx, (inner) => insertModule(inner, course, 1));
      await insertPrerequisite(tx, course, 1, 0);
    });
    // And then no more of them.
    const late = transaction(database.db, (tx) => insertPrerequisite(tx, course, 0, 1));
    await expect(late).rejects.toMatchObject(SEAL);
  });

  it.each([
    ['fewer modules', 3, 2, 1],
    ['more weight', 2, 3, 1],
    ['fewer prerequisites', 2, 2, 0],
  ])('refuses at commit a header that says otherwise: %s', async (_, modules, weight, links) => {
    const course = await draftCourse(database.db);
    let isReached = false;
    const publish = transaction(database.db, async (tx) => {
      await insertHeader(tx, course, modules, weight);
      await insertModule(tx, course, 0);
      await insertModule(tx, course, 1);
      if (links > 0) await insertPrerequisite(tx, course, 1, 0);
      isReached = true;
    });
    await expect(publish).rejects.toMatchObject(SEAL);
    expect(isReached).toBe(true);
  });

  it('refuses a row too many at once, in the transaction that publishes too', async () => {
    const course = await draftCourse(database.db, [{}, {}, {}]);
    const same = transaction(database.db, async (tx) => {
      await insertHeader(tx, course, 1);
      await insertModule(tx, course, 0);
      await expect(insertModule(tx, course, 1)).rejects.toMatchObject(SEAL);
    });
    await expect(same).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
  });

  it('costs a publication a few looks at its prerequisites, however many there are', async () => {
    const modules = Array.from({ length: 40 }, (_, index) => ({
      prerequisites: Array.from({ length: index }, (_, other) => other),
    }));
    const { courseId } = await draftCourse(database.db, modules);
    const scans = await scansOf(database.db, async (tx) => {
      await publishCourse(tx, { courseId });
      // What else would happen at commit.
      await tx.execute('set constraints all immediate');
    });
    const scan = scans.find(({ table }) => table === 'revision_prerequisites');
    expect((scan?.sequential ?? 0) + (scan?.byIndex ?? 0)).toBeGreaterThan(0);
    expect((scan?.sequential ?? 0) + (scan?.byIndex ?? 0)).toBeLessThan(10);
  });
});
