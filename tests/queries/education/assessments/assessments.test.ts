import { describe, expect, it } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { InvalidInputError, NotFoundError, WrongStateError } from '../../../../src/errors.ts';
import {
  createAssessment,
  gradeAssessment,
  startAssessment,
  submitAssessment,
} from '../../../../src/queries/education/index.ts';
import { insertAssessment } from '../../../../src/testing/factories/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { at, insertLearner, openCourse, poolOf } from '../fixture.ts';

const GRADED = {
  status: 'GRADED' as const,
  answers: [],
  score: 9,
  startedAt: at(1),
  submittedAt: at(2),
  completedAt: at(3),
};

describe('assessments', () => {
  const database = useTestDatabase();

  async function assessment(state: 'new' | 'started' | 'submitted' = 'new') {
    const userId = await insertLearner(database.db);
    const { courseId } = await openCourse(database.db);
    const { id: assessmentId } = await createAssessment(database.db, {
      userId,
      courseId,
      type: 'EXAM',
      title: 'Joins',
      questions: ['Why?'],
      maxScore: 7,
      passPercent: 60,
    });
    if (state !== 'new') {
      await startAssessment(database.db, { userId, assessmentId, startedAt: at(1) });
    }
    if (state === 'submitted') {
      const answers = ['So'];
      await submitAssessment(database.db, { userId, assessmentId, answers, submittedAt: at(2) });
    }
    return { userId, assessmentId, courseId };
  }

  async function passesOf(userId: string) {
    const { rows } = await poolOf(database.db).query(
      `select type, data from platform.events where data ->> 'userId' = $1`,
      [userId],
    );
    return rows;
  }

  it('goes from start to submission to grade, each with its time, and publishes the pass', async () => {
    const { userId, assessmentId, courseId } = await assessment('submitted');
    const graded = await gradeAssessment(database.db, {
      userId,
      assessmentId,
      score: 5,
      gradedAt: at(3),
    });
    expect(graded).toMatchObject({
      status: 'GRADED',
      score: 5,
      passed: true,
      answers: ['So'],
      startedAt: at(1),
      submittedAt: at(2),
      completedAt: at(3),
    });
    expect(await passesOf(userId)).toEqual([
      {
        type: 'assessment.passed',
        data: { userId, assessmentId, courseId, score: 5, maxScore: 7 },
      },
    ]);
  });

  it('publishes nothing for a fail: 4 of 7 is less than 60 percent', async () => {
    const { userId, assessmentId } = await assessment('submitted');
    const graded = await gradeAssessment(database.db, { userId, assessmentId, score: 4 });
    expect(graded.passed).toBe(false);
    expect(await passesOf(userId)).toEqual([]);
  });

  it('grades once, whoever asks at the same time', async () => {
    const { userId, assessmentId } = await assessment('submitted');
    const grades = await Promise.allSettled(
      [5, 6, 7, 5].map((score) => gradeAssessment(database.db, { userId, assessmentId, score })),
    );
    expect(grades.filter((grade) => grade.status === 'fulfilled')).toHaveLength(1);
    for (const grade of grades) {
      if (grade.status === 'rejected') expect(grade.reason).toMatchObject({ status: 'GRADED' });
    }
    expect(await passesOf(userId)).toHaveLength(1);
  });

  it('refuses a score above the most, and keeps the assessment open', async () => {
    const { userId, assessmentId } = await assessment('submitted');
    await expect(gradeAssessment(database.db, { userId, assessmentId, score: 8 })).rejects.toThrow(
      new InvalidInputError('score', "must be at most the assessment's maxScore"),
    );
    expect(await gradeAssessment(database.db, { userId, assessmentId, score: 7 })).toMatchObject({
      score: 7,
    });
  });

  it('grades what is submitted between the attempt and the question why it failed', async () => {
    const { userId, assessmentId } = await assessment('started');
    // One connection: the statements run in the order in which they are asked for.
    const db = await connect({ url: database.url, max: 1 });
    const grading = gradeAssessment(db, { userId, assessmentId, score: 7 });
    const submitting = submitAssessment(db, { userId, assessmentId, answers: [] });
    await submitting;
    expect(await grading).toMatchObject({ status: 'GRADED', score: 7 });
    await db.close();
  });

  it('takes its steps in order', async () => {
    const fresh = await assessment();
    await expect(
      submitAssessment(database.db, {
        userId: fresh.userId,
        assessmentId: fresh.assessmentId,
        answers: [],
      }),
    ).rejects.toThrow(new WrongStateError('assessment', 'NOT_STARTED', 'IN_PROGRESS'));
    const { userId, assessmentId } = await assessment('started');
    await expect(gradeAssessment(database.db, { userId, assessmentId, score: 1 })).rejects.toThrow(
      new WrongStateError('assessment', 'IN_PROGRESS', 'SUBMITTED'),
    );
    await expect(startAssessment(database.db, { userId, assessmentId })).rejects.toThrow(
      new WrongStateError('assessment', 'IN_PROGRESS', 'NOT_STARTED'),
    );
    await expect(
      startAssessment(database.db, { userId: fresh.userId, assessmentId }),
    ).rejects.toThrow(NotFoundError);
  });

  it('can be submitted, and graded, at the very time that it says it was started', async () => {
    const { userId, assessmentId } = await assessment();
    const { startedAt } = await startAssessment(database.db, { userId, assessmentId });
    const submittedAt = startedAt as Date;
    await submitAssessment(database.db, { userId, assessmentId, answers: [], submittedAt });
    const gradedAt = submittedAt;
    expect(
      await gradeAssessment(database.db, { userId, assessmentId, score: 1, gradedAt }),
    ).toMatchObject({ startedAt, submittedAt, completedAt: startedAt });
  });

  it.each([
    [4, 1],
    [3, 0],
  ])('that comes in as graded, with %i of 7, publishes %i passes', async (score, passes) => {
    const { userId, id } = await insertAssessment(database.db, {
      ...GRADED,
      maxScore: 7,
      score,
    });
    const published = await passesOf(userId);
    expect(published.map(({ data }) => data)).toEqual(
      Array.from({ length: passes }, () => ({
        userId,
        assessmentId: id,
        courseId: null,
        score,
        maxScore: 7,
      })),
    );
  });

  it('keeps a grade as long as its user: it cannot be deleted or truncated, and an open one can', async () => {
    const { userId, id } = await insertAssessment(database.db, GRADED);
    const open = await insertAssessment(database.db, { userId });
    const run = (sql: string) => poolOf(database.db).query(sql);
    const refusal = { code: '23001', constraint: 'assessments_append_only' };
    await expect(run(`delete from education.assessments where id = '${id}'`)).rejects.toMatchObject(
      refusal,
    );
    await expect(run('truncate education.assessments')).rejects.toMatchObject(refusal);
    await run(`delete from education.assessments where id = '${open.id}'`);
    await run(`delete from identity.users where id = '${userId}'`);
    const { rows } = await run(`select from education.assessments where user_id = '${userId}'`);
    expect(rows).toHaveLength(0);
  });

  it.each([
    `answers = '["better"]'`,
    `questions = '["easier"]'`,
    'max_score = max_score + 1',
    'pass_percent = pass_percent + 1',
    `submitted_at = submitted_at + interval '1 second'`,
  ])('is graded as it was handed in: plain SQL cannot set %s', async (change) => {
    const { userId, assessmentId } = await assessment('submitted');
    const update = poolOf(database.db).query(
      `update education.assessments set ${change} where user_id = $1 and id = $2`,
      [userId, assessmentId],
    );
    await expect(update).rejects.toMatchObject({
      code: '23001',
      constraint: 'assessments_append_only',
    });
  });

  it.each([
    ['a grade that is there', `score = 1`],
    ['a step back', `status = 'SUBMITTED', score = null, completed_at = null`],
  ])('is final: plain SQL cannot change %s', async (_, change) => {
    const { userId, assessmentId } = await assessment('submitted');
    await gradeAssessment(database.db, { userId, assessmentId, score: 7 });
    const update = poolOf(database.db).query(
      `update education.assessments set ${change} where user_id = $1 and id = $2`,
      [userId, assessmentId],
    );
    await expect(update).rejects.toMatchObject({
      code: '23001',
      constraint: 'assessments_append_only',
    });
  });
});
