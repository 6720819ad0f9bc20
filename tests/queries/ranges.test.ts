import { describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/session.ts';
import {
  createCourse,
  listAtRiskLearners,
  moveEnrollments,
} from '../../src/queries/education/index.ts';
import { createJob } from '../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

const ID = '01a20000-0000-7000-8000-000000000000';
const modules = [{ title: 'A', content: '' }];
const course = { instructorId: ID, title: 'T', description: '', modules };
const job = { title: 'T', description: '', company: 'C', remote: true };
const INTEGER = 'must be at most 2147483647';

const calls: [field: string, rule: string, call: (db: Db) => Promise<unknown>][] = [
  [
    'failedAssessments',
    INTEGER,
    (db) => listAtRiskLearners(db, { courseId: ID, failedAssessments: 3e9 }),
  ],
  ['durationMinutes', INTEGER, (db) => createCourse(db, { ...course, durationMinutes: 3e9 })],
  [
    'price',
    `must be at most ${2n ** 63n - 1n}`,
    (db) => createCourse(db, { ...course, price: 2n ** 63n }),
  ],
  ['revision', INTEGER, (db) => moveEnrollments(db, { courseId: ID, revision: 3e9 })],
  [
    'postedAt',
    'must not be after the year 5999',
    (db) => createJob(db, { ...job, postedAt: new Date('6500-01-01') }),
  ],
];

describe('a value that no column could hold', () => {
  it.each(calls)('is refused by name: %s %s', async (field, rule, call) => {
    await expect(call(database.db)).rejects.toMatchObject({ code: 'INVALID_INPUT', field, rule });
  });
});

it('a job may be posted up to the last instant that is allowed', async () => {
  await database.db.$client.query(
    `insert into marketplace.skills (id, name, category) values (1, 'SQL', 't')`,
  );
  const postedAt = new Date('5999-12-31T23:59:59.999Z');
  const skills = [{ skillId: 1, level: 'EXPERT' as const }];
  expect(await createJob(database.db, { ...job, skills, postedAt })).toMatchObject({ postedAt });
});
