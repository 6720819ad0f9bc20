import { describe, expect, it } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import { InvalidInputError, NotFoundError } from '../../../../src/errors.ts';
import {
  CourseNotOpenError,
  createCourse,
  dropEnrollment,
  enroll,
  getProgress,
  publishCourse,
  recordProgress,
  reviseCourse,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  draftCourse,
  enrolledLearner,
  eventsOf,
  insertLearner,
  openCourse,
  poolOf,
} from '../fixture.ts';

const NOBODY = '01a20000-0000-7000-8000-000000000000';

describe('createCourse', () => {
  const database = useTestDatabase();

  it('keeps the order of the modules, and the ids that the caller chose', async () => {
    const instructorId = await insertLearner(database.db);
    const id = '01a20000-0000-7000-8000-000000000001';
    const moduleId = '01a20000-0000-7000-8000-000000000002';
    const modules = [
      { title: 'B', content: '', weight: 7 },
      { id: moduleId, title: 'A', content: '' },
    ];
    const course = { id, instructorId, title: 'T', description: '', modules };
    expect(await createCourse(database.db, course)).toEqual({
      id,
      modules: [
        { id: expect.any(String), position: 0, title: 'B', weight: 7, optional: false },
        { id: moduleId, position: 1, title: 'A', weight: 1, optional: false },
      ],
    });
    await expect(createCourse(database.db, course)).rejects.toMatchObject({
      constraint: 'courses_pkey',
    });
  });

  it.each([
    ['modules', [], 'must be at least 1 items long'],
    ['modules.0.weight', [{ title: 'A', content: '', weight: 0 }], 'must be at least 1'],
    [
      'modules.0.prerequisites',
      [{ title: 'A', content: '', prerequisites: [0] }],
      'must be the indexes of other modules in the list',
    ],
    [
      'modules.0.id',
      [
        { title: 'A', content: '', id: NOBODY.toUpperCase() },
        { title: 'B', content: '', id: NOBODY },
      ],
      'must not be the id of another module in the list',
    ],
    [
      'modules.1.prerequisitesNeeded',
      [
        { title: 'A', content: '' },
        { title: 'B', content: '', prerequisites: [0], prerequisitesNeeded: 2 },
      ],
      'must be at most the number of prerequisites',
    ],
  ])('refuses %s that breaks a rule', async (field, modules, rule) => {
    const course = { instructorId: NOBODY, title: 'T', description: '', modules };
    await expect(createCourse(database.db, course)).rejects.toMatchObject({ field, rule });
    const draft = { courseId: NOBODY, modules };
    await expect(reviseCourse(database.db, draft)).rejects.toMatchObject({ field, rule });
  });
});

describe('publishCourse', () => {
  const database = useTestDatabase();

  it('refuses a draft whose prerequisites run in a circle, and leaves it a draft', async () => {
    const { courseId } = await draftCourse(database.db, [
      { prerequisites: [2] },
      { prerequisites: [0] },
      { prerequisites: [1] },
      {},
    ]);
    await expect(publishCourse(database.db, { courseId })).rejects.toThrow(
      new InvalidInputError('modules', 'must have prerequisites without a cycle'),
    );
    const { rows } = await poolOf(database.db).query(
      'select status, revision from education.courses where id = $1',
      [courseId],
    );
    expect(rows).toEqual([{ status: 'DRAFT', revision: null }]);
  });

  it('refuses a draft in which nothing counts, an archived course and an unknown one', async () => {
    const { courseId } = await draftCourse(database.db, [{ optional: true }]);
    await expect(publishCourse(database.db, { courseId })).rejects.toThrow(
      new InvalidInputError('modules', 'must hold a module that is not optional'),
    );
    const open = await openCourse(database.db);
    await poolOf(database.db).query(
      `update education.courses set status = 'ARCHIVED', archived_at = now() where id = $1`,
      [open.courseId],
    );
    await expect(publishCourse(database.db, { courseId: open.courseId })).rejects.toThrow(
      new InvalidInputError('courseId', 'must be a course that is not archived'),
    );
    await expect(publishCourse(database.db, { courseId: NOBODY })).rejects.toThrow(NotFoundError);
  });

  it('unlocks a module by all of its prerequisites, or by as many as it needs', async () => {
    const course = await openCourse(database.db, [
      {},
      {},
      {},
      { prerequisites: [0, 1, 2] },
      { prerequisites: [0, 1, 2], prerequisitesNeeded: 2 },
    ]);
    const { courseId } = course;
    const userId = await enrolledLearner(database.db, courseId);
    const decoy = await enrolledLearner(database.db, courseId);
    const unlocked = async (learner: string) => {
      const { modules } = await getProgress(database.db, { userId: learner, courseId });
      return modules.map((module) => module.unlocked);
    };
    const event = eventsOf(userId, course);
    await recordProgress(database.db, {
      events: [event('completed', 0, 1), event('progressed', 1, 1, { percent: 100 })],
    });
    expect(await unlocked(userId)).toEqual([true, true, true, false, false]);
    await recordProgress(database.db, { events: [event('completed', 2, 1)] });
    expect(await unlocked(userId)).toEqual([true, true, true, false, true]);
    await recordProgress(database.db, { events: [event('completed', 1, 1)] });
    expect(await unlocked(userId)).toEqual([true, true, true, true, true]);
    expect(await unlocked(decoy)).toEqual([true, true, true, false, false]);
  });

  it('shows learners their revision, whatever the author does with the draft', async () => {
    const course = await openCourse(database.db, [{ title: 'Old' }, { title: 'Gone' }]);
    const { courseId, moduleIds } = course;
    const userId = await enrolledLearner(database.db, courseId);
    await reviseCourse(database.db, {
      courseId,
      modules: [
        { title: 'First', content: '' },
        { id: moduleIds[0] as string, title: 'New', content: '' },
      ],
    });
    const { modules } = await getProgress(database.db, { userId, courseId });
    expect(modules.map((module) => module.title)).toEqual(['Old', 'Gone']);
    const { rows } = await poolOf(database.db).query(
      `select title, position, removed_at is not null as is_removed
       from education.course_modules where course_id = $1 order by title`,
      [courseId],
    );
    expect(rows).toEqual([
      { title: 'First', position: 0, is_removed: false },
      { title: 'Gone', position: null, is_removed: true },
      { title: 'New', position: 1, is_removed: false },
    ]);
  });

  it.each([
    ['course_revisions', 'update education.course_revisions set total_weight = 1', 'append_only'],
    ['revision_modules', 'update education.revision_modules set weight = 1', 'append_only'],
    ['revision_modules', 'delete from education.revision_modules', 'append_only'],
    ['revision_prerequisites', 'delete from education.revision_prerequisites', 'append_only'],
  ])('never lets %s change', async (table, sql, rule) => {
    await openCourse(database.db, [{}, { prerequisites: [0] }]);
    await expect(transaction(database.db, (tx) => tx.execute(sql))).rejects.toMatchObject({
      sqlState: '23001',
      constraint: `${table}_${rule}`,
    });
  });

  it.each([
    [
      'a module',
      `insert into education.revision_modules
       (course_id, revision, module_id, position, title, content, weight, is_optional, prerequisites_needed)
       select course_id, revision, $2::uuid, 9, 'late', '', 1, false, 0
       from education.revision_modules where course_id = $1 limit 1`,
    ],
    [
      'a prerequisite',
      `insert into education.revision_prerequisites (course_id, revision, module_id, prerequisite_id)
       select course_id, revision, module_id, $3::uuid
       from education.revision_modules where course_id = $1 and module_id <> $3 and $2::uuid is not null`,
    ],
  ])('seals a revision: %s cannot be added later', async (_, sql) => {
    const { courseId, moduleIds } = await openCourse(database.db, [{}, {}]);
    const [added] = await reviseCourse(database.db, {
      courseId,
      modules: [{ title: 'later', content: '' }],
    });
    const late = poolOf(database.db).query(sql.includes('$3') ? sql : `${sql}`, [
      courseId,
      added?.id,
      ...(sql.includes('$3') ? [moduleIds[0]] : []),
    ]);
    await expect(late).rejects.toMatchObject({
      code: '23514',
      constraint: 'course_revisions_seal_check',
    });
  });
});

describe('enroll', () => {
  const database = useTestDatabase();

  it('returns the enrollment that is there, and refuses a course that is not open', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await enrolledLearner(database.db, courseId);
    const again = await enroll(database.db, { userId, courseId, enrolledAt: new Date() });
    expect(again.enrolledAt).toEqual(new Date('2026-01-05T08:00:00Z'));
    const draft = await draftCourse(database.db);
    await expect(enroll(database.db, { userId, courseId: draft.courseId })).rejects.toThrow(
      CourseNotOpenError,
    );
    await expect(enroll(database.db, { userId, courseId: NOBODY })).rejects.toThrow(NotFoundError);
    await expect(enroll(database.db, { userId: NOBODY, courseId })).rejects.toMatchObject({
      constraint: 'enrollments_user_id_fkey',
    });
  });

  it('brings nobody back to an archived course, and returns the enrollment of who is in it', async () => {
    const { courseId } = await openCourse(database.db);
    const [dropped, active] = [
      await enrolledLearner(database.db, courseId),
      await enrolledLearner(database.db, courseId),
    ];
    await dropEnrollment(database.db, { userId: dropped, courseId });
    await poolOf(database.db).query(
      `update education.courses set status = 'ARCHIVED', archived_at = now() where id = $1`,
      [courseId],
    );
    await expect(enroll(database.db, { userId: dropped, courseId })).rejects.toThrow(
      CourseNotOpenError,
    );
    expect(await enroll(database.db, { userId: active, courseId })).toMatchObject({
      status: 'ACTIVE',
    });
  });

  it('refuses a deleted user, who can neither enroll nor come back', async () => {
    const { courseId } = await openCourse(database.db);
    const [dropped, fresh] = [
      await enrolledLearner(database.db, courseId),
      await insertLearner(database.db),
    ];
    await dropEnrollment(database.db, { userId: dropped, courseId });
    await poolOf(database.db).query(
      'update identity.users set deleted_at = clock_timestamp() where id in ($1, $2)',
      [dropped, fresh],
    );
    for (const userId of [dropped, fresh]) {
      await expect(enroll(database.db, { userId, courseId })).rejects.toThrow(
        new NotFoundError('user', ['userId']),
      );
    }
  });

  it('enrolls once when many ask at the same time', async () => {
    const { courseId } = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => enroll(database.db, { userId, courseId })),
    );
    expect(new Set(all.map((one) => one.enrolledAt.getTime())).size).toBe(1);
  });
});
