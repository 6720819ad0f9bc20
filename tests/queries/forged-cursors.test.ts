import { describe, expect, it } from 'vitest';
import type { Db } from '../../src/db/connect.ts';
import {
  listAtRiskLearners,
  listCourseProgress,
  listLearnerProgress,
} from '../../src/queries/education/index.ts';
import { listWallets } from '../../src/queries/finance/index.ts';
import {
  listApplicationSteps,
  matchCandidates,
  matchJobs,
} from '../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

const ID = '00000001-0000-7000-8000-000000000001';
const DATE = '2026-02-30 00:00:00+00';
const HUGE = 2 ** 31;

// The list, and a position of the right types that the server could not read. Those of the marketplace's other lists are
// beside their tests.
const cases: [string, unknown, (db: Db, cursor: string) => Promise<unknown>][] = [
  ['learner_progress', [DATE, ID], (db, cursor) => listLearnerProgress(db, { userId: ID, cursor })],
  [
    'at_risk_learners',
    [DATE, ID],
    (db, cursor) => listAtRiskLearners(db, { courseId: ID, cursor }),
  ],
  ['course_progress', [HUGE, ID], (db, cursor) => listCourseProgress(db, { courseId: ID, cursor })],
  [
    'course_activity',
    [DATE, ID],
    (db, cursor) => listCourseProgress(db, { courseId: ID, order: 'activity', cursor }),
  ],
  ['wallets', 'A\0', (db, cursor) => listWallets(db, { userId: ID, cursor })],
  [
    'match_candidates',
    [HUGE, 1, 1, ID],
    (db, cursor) => matchCandidates(db, { jobId: ID, cursor }),
  ],
  [
    'match_candidates',
    [10_000, -HUGE, 1, ID],
    (db, cursor) => matchCandidates(db, { jobId: ID, cursor }),
  ],
  [
    'match_jobs',
    [10_001, '2026-01-02 00:00:00+00', ID],
    (db, cursor) => matchJobs(db, { userId: ID, cursor }),
  ],
  [
    'application_steps',
    HUGE,
    (db, cursor) => listApplicationSteps(db, { userId: ID, jobId: ID, cursor }),
  ],
];

describe('a forged cursor', () => {
  it.each(cases)('of %s is refused before the server sees it', async (list, position, read) => {
    const cursor = Buffer.from(JSON.stringify([list, position])).toString('base64url');
    await expect(read(database.db, cursor)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'cursor',
    });
  });
});
