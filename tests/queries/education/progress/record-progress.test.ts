import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  dropEnrollment,
  enroll,
  getProgress,
  recordProgress,
  verifyProgress,
} from '../../../../src/queries/education/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import {
  at,
  enrolledLearner,
  eventsOf,
  insertLearner,
  learnerState,
  openCourse,
  poolOf,
  START,
} from '../fixture.ts';

describe('recordProgress', () => {
  const database = useTestDatabase();

  async function learner(modules = [{ weight: 1 }, { weight: 2 }]) {
    const course = await openCourse(database.db, modules);
    const userId = await enrolledLearner(database.db, course.courseId);
    return { ...course, userId, event: eventsOf(userId, course) };
  }

  async function published(userId: string) {
    const { rows } = await poolOf(database.db).query(
      `select type, source, status, data from platform.events where data ->> 'userId' = $1`,
      [userId],
    );
    return rows;
  }

  it('moves the weights when a module is completed, and never by a percentage', async () => {
    const { userId, courseId, event } = await learner();
    const decoy = await enrolledLearner(database.db, courseId);
    const before = await learnerState(database.db, decoy);

    const half = await recordProgress(database.db, {
      events: [event('progressed', 0, 1, { percent: 100 }), event('started', 1, 2)],
    });
    expect(half).toEqual({ applied: 2, duplicates: 0, rejected: [] });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      doneWeight: 0,
      basisPoints: 0,
      status: 'ACTIVE',
      lastActivityAt: at(2),
    });

    await recordProgress(database.db, { events: [event('completed', 0, 3)] });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      doneWeight: 1,
      totalWeight: 3,
      basisPoints: 3333,
      status: 'ACTIVE',
    });
    expect(await learnerState(database.db, decoy)).toEqual(before);
  });

  it('completes the course once, at the time of the completing event, and publishes that once', async () => {
    const { userId, courseId, event } = await learner();
    const last = event('completed', 1, 5);
    await recordProgress(database.db, { events: [event('completed', 0, 3), last] });
    await recordProgress(database.db, { events: [last, event('completed', 1, 7)] });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      basisPoints: 10_000,
      status: 'COMPLETED',
      completedAt: at(5),
      completedRevision: 1,
      resume: null,
    });
    const completedAt = at(5).toISOString();
    expect(await published(userId)).toEqual([
      {
        type: 'course.completed',
        source: 'education',
        status: 'PENDING',
        data: { userId, courseId, revision: 1, completedAt },
      },
    ]);
  });

  it('moves the completion back when an earlier one arrives late, without publishing again', async () => {
    const { userId, courseId, event } = await learner();
    await recordProgress(database.db, {
      events: [event('completed', 0, 3), event('completed', 1, 5)],
    });
    await recordProgress(database.db, { events: [event('completed', 1, 4)] });
    const progress = await getProgress(database.db, { userId, courseId });
    expect(progress.completedAt).toEqual(at(4));
    expect(await published(userId)).toHaveLength(1);
  });

  it('does not count an optional module, and completes without it', async () => {
    const { userId, courseId, event } = await learner([
      { weight: 4 },
      { weight: 9, optional: true },
    ] as never);
    await recordProgress(database.db, { events: [event('completed', 1, 1)] });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({ doneWeight: 0 });
    await recordProgress(database.db, { events: [event('completed', 0, 2)] });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      doneWeight: 4,
      totalWeight: 4,
      status: 'COMPLETED',
    });
  });

  it('applies an event once, however often it is sent, within a batch and after it', async () => {
    const { userId, event } = await learner();
    const done = event('completed', 0, 1);
    const first = await recordProgress(database.db, { events: [done, done] });
    expect(first).toEqual({ applied: 1, duplicates: 1, rejected: [] });
    const state = await learnerState(database.db, userId);
    const again = await recordProgress(database.db, { events: [done] });
    expect(again).toEqual({ applied: 0, duplicates: 1, rejected: [] });
    expect(await learnerState(database.db, userId)).toEqual(state);
  });

  it.each([
    ['percent', { percent: 31 }],
    ['position', { position: 'page 2' }],
    ['no position', { position: undefined }],
    ['time', { occurredAt: at(1.5) }],
    ['kind', { kind: 'started' as const }],
  ])('rejects a known id with another %s as a conflict, and keeps the first', async (_, change) => {
    const { userId, event } = await learner();
    const known = event('progressed', 0, 1, { percent: 30, position: 'page 1' });
    await recordProgress(database.db, { events: [known] });
    const state = await learnerState(database.db, userId);
    const result = await recordProgress(database.db, { events: [{ ...known, ...change }] });
    expect(result).toEqual({
      applied: 0,
      duplicates: 0,
      rejected: [{ index: 0, eventId: known.eventId, userId, reason: 'CONFLICT' }],
    });
    expect(await learnerState(database.db, userId)).toEqual(state);
  });

  it('takes the same id from two learners for two events', async () => {
    const one = await learner();
    const two = await learner();
    const eventId = randomUUID();
    const result = await recordProgress(database.db, {
      events: [one.event('started', 0, 1, { eventId }), two.event('started', 0, 1, { eventId })],
    });
    expect(result).toMatchObject({ applied: 2, rejected: [] });
  });

  it('rejects what cannot apply one by one, each with its reason, and applies the rest', async () => {
    const { userId, courseId, event } = await learner();
    const other = await learner();
    const stranger = await insertLearner(database.db);
    const dropout = await enrolledLearner(database.db, courseId);
    await dropEnrollment(database.db, { userId: dropout, courseId });
    const now = at(10);
    const events = [
      event('completed', 0, 1),
      event('started', 1, 1, { userId: randomUUID() }),
      event('started', 1, 1, { userId: stranger }),
      event('started', 1, 1, { moduleId: other.moduleIds[0] as string }),
      event('started', 1, 1, { userId: dropout }),
      event('started', 1, 0, { occurredAt: new Date(START.getTime() - 60_001) }),
      event('started', 1, 10, { occurredAt: new Date(now.getTime() + 60_001) }),
      event('started', 1, 10, { occurredAt: new Date(now.getTime() + 60_000) }),
      event('started', 1, 1, { courseId: randomUUID() }),
    ];
    const result = await recordProgress(database.db, { events, now, toleranceSeconds: 60 });
    expect(result.applied).toBe(2);
    expect(result.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'UNKNOWN_USER'],
      [2, 'NOT_ENROLLED'],
      [3, 'UNKNOWN_MODULE'],
      [4, 'DROPPED'],
      [5, 'BEFORE_ENROLLMENT'],
      [6, 'IN_FUTURE'],
      [8, 'NOT_ENROLLED'],
    ]);
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({ doneWeight: 1 });
  });

  it('takes an event at the moment of the enrollment, and a drop at that moment', async () => {
    const { courseId, moduleIds } = await openCourse(database.db);
    const userId = await insertLearner(database.db);
    const { enrolledAt } = await enroll(database.db, { userId, courseId });
    const events = [
      eventsOf(userId, { courseId, moduleIds })('started', 0, 0, { occurredAt: enrolledAt }),
    ];
    const result = await recordProgress(database.db, { events, toleranceSeconds: 0 });
    expect(result).toMatchObject({ applied: 1, rejected: [] });
    expect(
      await dropEnrollment(database.db, { userId, courseId, droppedAt: enrolledAt }),
    ).toMatchObject({ droppedAt: enrolledAt });
  });

  it('forgives a clock that is behind the enrollment, within the tolerance, and completes no earlier', async () => {
    const { userId, courseId, event } = await learner();
    const behind = (seconds: number) => ({ occurredAt: at(-seconds / 86_400) });
    const early = event('completed', 0, 0, behind(61));
    const events = [
      event('completed', 0, 0, behind(60)),
      event('completed', 1, 0, behind(1)),
      early,
    ];
    const result = await recordProgress(database.db, { events, toleranceSeconds: 60 });
    expect(result).toMatchObject({ applied: 2, rejected: [{ index: 2 }] });
    // The same event, from a caller who forgives more.
    const again = await recordProgress(database.db, { events: [early], toleranceSeconds: 61 });
    expect(again).toMatchObject({ applied: 1 });
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      status: 'COMPLETED',
      completedAt: at(0),
      lastActivityAt: at(0),
    });
    expect(await verifyProgress(database.db, { userId })).toMatchObject({ findings: [] });
  });

  it('calls an event of a dropout that it knows a duplicate, so that the client can forget it', async () => {
    const { userId, courseId, event } = await learner();
    const known = event('started', 0, 1);
    await recordProgress(database.db, { events: [known] });
    await dropEnrollment(database.db, { userId, courseId });
    expect(await recordProgress(database.db, { events: [known] })).toMatchObject({
      duplicates: 1,
      rejected: [],
    });
    await enroll(database.db, { userId, courseId });
    const back = await recordProgress(database.db, { events: [event('completed', 0, 2)] });
    expect(back.applied).toBe(1);
  });

  it.each([
    ['events.0.eventId', { eventId: 'one' }, 'must be a UUID'],
    ['events.0.percent', { percent: 101 }, 'must be at most 100'],
    ['events.0.percent', { percent: 0.5 }, 'must be a whole number'],
    ['events.0.position', { position: 'a\0b' }, 'must not contain a NUL character'],
    ['events.0.occurredAt', { occurredAt: new Date(Number.NaN) }, 'must be a valid Date'],
    [
      'events.0.percent',
      { kind: 'completed' as const, percent: 99 },
      'must be 100 or left out when the module is completed',
    ],
  ])('refuses a malformed %s before anything is written', async (field, change, rule) => {
    const { userId, event } = await learner();
    const state = await learnerState(database.db, userId);
    const events = [{ ...event('started', 0, 1), ...change }, event('started', 0, 1)];
    await expect(recordProgress(database.db, { events })).rejects.toMatchObject({ field, rule });
    expect(await learnerState(database.db, userId)).toEqual(state);
  });

  it('is part of the transaction that it is called in', async () => {
    const { userId, event } = await learner();
    const state = await learnerState(database.db, userId);
    const undone = transaction(database.db, async (tx) => {
      await recordProgress(tx, { events: [event('completed', 0, 1), event('completed', 1, 1)] });
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await learnerState(database.db, userId)).toEqual(state);
    expect(await verifyProgress(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('loses no delta when many callers complete modules of one enrollment at once', async () => {
    const modules = Array.from({ length: 20 }, (_, index) => ({ weight: index + 1 }));
    const { userId, courseId, event } = await learner(modules);
    await Promise.all(
      modules.flatMap((_, module) => [
        recordProgress(database.db, { events: [event('completed', module, 2)] }),
        recordProgress(database.db, { events: [event('completed', module, 1)] }),
      ]),
    );
    expect(await getProgress(database.db, { userId, courseId })).toMatchObject({
      doneWeight: 210,
      basisPoints: 10_000,
      status: 'COMPLETED',
      completedAt: at(1),
    });
    expect(await published(userId)).toHaveLength(1);
  });
});
