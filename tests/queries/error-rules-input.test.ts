import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';
import {
  insertAssessment,
  insertCourse,
  insertEnrollment,
  insertJob,
  insertSkill,
  insertUser,
  insertUserSkill,
} from '../../src/testing/factories/index.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const nobody = randomUUID();
const before = new Date('2001-01-01');
let userId: string;
let otherId: string;
let skillId: number;

beforeAll(async () => {
  const { db } = database;
  userId = (await insertUser(db)).id;
  otherId = (await insertUser(db)).id;
  skillId = (await insertSkill(db)).id;
  await insertUserSkill(db, { userId, skillId });
});

const job = { title: 'Engineer', description: '', company: 'Baobab', remote: true };
const course = { title: 'SQL', description: '', modules: [{ title: 'One', content: '' }] };
const quiz = { type: 'QUIZ', title: 'Quiz', maxScore: 10 } as const;
const payment = { type: 'DONATION', amount: 5n, currency: 'ZAR', provider: 'bank' } as const;
const paid = () => ({ ...payment, providerReference: randomUUID() });

/** What an error is to a caller who decides by class, code, field or keys. */
async function refusal(call: Promise<unknown>) {
  const error = (await rejection(call)) as Error & Record<string, unknown>;
  return [error.name, error.code, error.field ?? error.keys ?? error.status].flat();
}

describe('who or what is not there', () => {
  const calls: Record<string, [keys: string[], call: () => Promise<unknown>]> = {
    openWallet: [
      ['userId'],
      () => finance.openWallet(database.db, { userId: nobody, currency: 'ZAR' }),
    ],
    createPayment: [
      ['userId'],
      () => finance.createPayment(database.db, { ...paid(), userId: nobody }),
    ],
    'createPayment for a course': [
      ['courseId'],
      () => finance.createPayment(database.db, { ...paid(), userId, courseId: nobody }),
    ],
    submitMiningActivity: [
      ['userId'],
      () =>
        finance.submitMiningActivity(database.db, {
          userId: nobody,
          type: 'PEER_TEACHING',
          tokensEarned: 1n,
          idempotencyKey: 'key',
        }),
    ],
    createCourse: [
      ['instructorId'],
      () => education.createCourse(database.db, { ...course, instructorId: nobody }),
    ],
    enroll: [
      ['userId'],
      async () => {
        const { courseId } = await insertEnrollment(database.db);
        return education.enroll(database.db, { userId: nobody, courseId });
      },
    ],
    createAssessment: [
      ['userId'],
      () => education.createAssessment(database.db, { ...quiz, userId: nobody }),
    ],
    'createAssessment for a course': [
      ['courseId'],
      () => education.createAssessment(database.db, { ...quiz, userId, courseId: nobody }),
    ],
    createJob: [
      ['postedBy'],
      () => marketplace.createJob(database.db, { ...job, postedBy: nobody }),
    ],
    'createJob with a skill': [
      ['skillId'],
      () =>
        marketplace.createJob(database.db, {
          ...job,
          skills: [{ skillId: 9_999, level: 'EXPERT' }],
        }),
    ],
    setUserSkills: [
      ['skillId'],
      () =>
        marketplace.setUserSkills(database.db, {
          userId,
          skills: [{ skillId: 9_999, level: 'EXPERT' }],
        }),
    ],
    'applyToJob to none': [
      ['jobId'],
      () => marketplace.applyToJob(database.db, { userId, jobId: nobody }),
    ],
    'applyToJob by nobody': [
      ['userId'],
      async () =>
        marketplace.applyToJob(database.db, {
          userId: nobody,
          jobId: (await insertJob(database.db)).id,
        }),
    ],
    'moveApplication by nobody': [
      ['changedBy'],
      async () => {
        const key = { userId, jobId: (await insertJob(database.db)).id };
        await marketplace.applyToJob(database.db, key);
        return marketplace.moveApplication(database.db, {
          ...key,
          status: 'OFFERED',
          changedBy: nobody,
        });
      },
    ],
    endorseSkill: [
      ['endorserId'],
      () => marketplace.endorseSkill(database.db, { userId, skillId, endorserId: nobody }),
    ],
    'endorseSkill that is not held': [
      ['userId', 'skillId'],
      () => marketplace.endorseSkill(database.db, { userId: otherId, skillId, endorserId: userId }),
    ],
    verifySkill: [
      ['verifierId'],
      () => marketplace.verifySkill(database.db, { userId, skillId, verifierId: nobody }),
    ],
  };

  it.each(Object.keys(calls))('is a NotFoundError that names the parameter: %s', async (name) => {
    const [keys, call] = calls[name] as (typeof calls)[string];
    expect(await refusal(call())).toEqual(['NotFoundError', 'NOT_FOUND', ...keys]);
  });
});

describe('what is there already', () => {
  it('is an AlreadyExistsError', async () => {
    const { db } = database;
    const { id } = await insertCourse(db);
    const taken = education.createCourse(db, { ...course, id, instructorId: userId });
    expect(await refusal(taken)).toEqual(['AlreadyExistsError', 'ALREADY_EXISTS', 'id']);

    const assessment = await insertAssessment(db, { userId });
    const again = education.createAssessment(db, { ...quiz, userId, id: assessment.id });
    expect(await refusal(again)).toEqual(['AlreadyExistsError', 'ALREADY_EXISTS', 'userId', 'id']);

    const key = { userId, jobId: (await insertJob(db)).id };
    await marketplace.applyToJob(db, key);
    expect(await refusal(marketplace.applyToJob(db, key))).toEqual([
      'AlreadyExistsError',
      'ALREADY_EXISTS',
      'userId',
      'jobId',
    ]);
  });
});

describe('input that does not fit together, or beside what is stored', () => {
  const createJob = (more: object) => marketplace.createJob(database.db, { ...job, ...more });
  const calls: Record<string, [field: string, call: () => Promise<unknown>]> = {
    'a job nowhere': ['location', () => createJob({ remote: false })],
    'a salary without a currency': ['currency', () => createJob({ salaryMin: 5n })],
    'a salary upside down': [
      'salaryMax',
      () => createJob({ salaryMin: 5n, salaryMax: 4n, currency: 'ZAR' }),
    ],
    'a job over before it began': ['expiresAt', () => createJob({ expiresAt: before })],
    'a change to nowhere': [
      'changes.location',
      async () => {
        const { id } = await createJob({});
        return marketplace.updateJob(database.db, { jobId: id, changes: { remote: false } });
      },
    ],
    'an application before the job': [
      'appliedAt',
      async () => {
        const { id: jobId } = await createJob({});
        return marketplace.applyToJob(database.db, { userId, jobId, appliedAt: before });
      },
    ],
    'a step by the applicant': [
      'changedBy',
      async () => {
        const key = { userId, jobId: (await createJob({})).id };
        await marketplace.applyToJob(database.db, key);
        return marketplace.moveApplication(database.db, {
          ...key,
          status: 'OFFERED',
          changedBy: userId,
        });
      },
    ],
    'dropping out before enrolling': [
      'droppedAt',
      async () => {
        const { courseId } = await insertEnrollment(database.db, { userId });
        return education.dropEnrollment(database.db, { userId, courseId, droppedAt: before });
      },
    ],
    'handing in before the start': [
      'submittedAt',
      async () => {
        const { id } = await education.createAssessment(database.db, { ...quiz, userId });
        const ref = { userId, assessmentId: id };
        await education.startAssessment(database.db, ref);
        return education.submitAssessment(database.db, {
          ...ref,
          answers: [],
          submittedAt: before,
        });
      },
    ],
    'grading before handing in': [
      'gradedAt',
      async () => {
        const { id } = await education.createAssessment(database.db, { ...quiz, userId });
        const ref = { userId, assessmentId: id };
        await education.startAssessment(database.db, ref);
        await education.submitAssessment(database.db, { ...ref, answers: [] });
        return education.gradeAssessment(database.db, { ...ref, score: 1, gradedAt: before });
      },
    ],
  };

  it.each(Object.keys(calls))('is an InvalidInputError that names the field: %s', async (name) => {
    const [field, call] = calls[name] as (typeof calls)[string];
    expect(await refusal(call())).toEqual(['InvalidInputError', 'INVALID_INPUT', field]);
  });
});
