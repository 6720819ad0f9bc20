import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.ts';
import { publishCourse } from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { draftCourse, scansOf } from '../fixture.ts';

const database = useTestDatabase();

/** For each of up to seven modules, which others it asks for. */
const drafts = fc
  .integer({ min: 1, max: 7 })
  .chain((size) =>
    fc.array(fc.subarray(Array.from({ length: size }, (_, module) => module)), {
      minLength: size,
      maxLength: size,
    }),
  )
  .map((modules) => modules.map((asked, module) => asked.filter((other) => other !== module)));

function hasCycle(modules: number[][]): boolean {
  const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
    (modules[from] ?? []).some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  return modules.some((_, module) => reaches(module, module));
}

it('publishCourse finds a circle of prerequisites wherever it is, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(drafts, async (modules) => {
      const { courseId } = await draftCourse(
        database.db,
        modules.map((prerequisites) => ({ prerequisites })),
      );
      const publishing = publishCourse(database.db, { courseId });
      if (hasCycle(modules)) {
        await expect(publishing).rejects.toThrow(
          new InvalidInputError('modules', 'must have prerequisites without a cycle'),
        );
      } else {
        expect(await publishing).toMatchObject({ revision: 1 });
      }
    }),
    { numRuns: 100 },
  );
});

it('publishCourse reads each prerequisite a few times, though every module asks for later ones', async () => {
  const size = 200;
  const asked = 20;
  const { courseId } = await draftCourse(
    database.db,
    Array.from({ length: size }, (_, module) => ({
      prerequisites: Array.from({ length: asked }, (_, step) => module + step + 1).filter(
        (other) => other < size,
      ),
    })),
  );
  const scans = await scansOf(database.db, (tx) => publishCourse(tx, { courseId }));
  const prerequisites = scans.find(({ table }) => table === 'module_prerequisites');
  expect(prerequisites?.sequential).toBeLessThan(10);
  expect(prerequisites?.fetched).toBeLessThan(10 * size * asked);
});
