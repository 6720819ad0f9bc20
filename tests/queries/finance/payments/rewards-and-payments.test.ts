import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import { createCourse } from '../../../../src/queries/education/courses/create-course.ts';
import { publishCourse } from '../../../../src/queries/education/courses/publish-course.ts';
import {
  auditLedger,
  createPayment,
  failPayment,
  getTransaction,
  getWallet,
  type InsufficientFundsError,
  refundPayment,
  rejectMiningActivity,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createUser, SOUND } from '../bundle.ts';

const database = useTestDatabase({ max: 20 });

async function submit(userId: string, tokensEarned = 500n) {
  const idempotencyKey = randomUUID();
  const type = 'ASSESSMENT_PASS';
  return submitMiningActivity(database.db, { userId, type, tokensEarned, idempotencyKey });
}

async function createPublishedCourse(instructorId: string): Promise<string> {
  const { id } = await createCourse(database.db, {
    instructorId,
    title: 'SQL',
    description: 'From the start',
    modules: [{ title: 'One', content: 'select', weight: 3 }],
  });
  await publishCourse(database.db, { courseId: id });
  return id;
}

describe('mining', () => {
  test('pays a verified activity from MINT once, however many ask', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const { id } = await submit(userId);
    expect(await rejection(rewardMiningActivity(db, { userId, id }))).toMatchObject({
      code: 'WRONG_STATE',
      status: 'PENDING',
    });
    await verifyMiningActivity(db, { userId, id });
    const rewards = await Promise.all(
      Array.from({ length: 16 }, () => rewardMiningActivity(db, { userId, id })),
    );
    expect(new Set(rewards.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect((await getWallet(db, { userId, currency: 'AZR' })).posted).toBe(500n);
    expect(
      await rejection(rejectMiningActivity(db, { userId, id, reason: 'too late' })),
    ).toMatchObject({ code: 'WRONG_STATE', status: 'REWARDED' });
  });

  test('pays nothing for a rejected activity', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const { id } = await submit(userId);
    const rejected = await rejectMiningActivity(db, { userId, id, reason: 'copied' });
    expect(rejected).toMatchObject({ status: 'REJECTED', rejectionReason: 'copied' });
    expect(await rejection(verifyMiningActivity(db, { userId, id }))).toMatchObject({
      code: 'WRONG_STATE',
    });
    expect(await rejection(rewardMiningActivity(db, { userId, id }))).toMatchObject({
      code: 'WRONG_STATE',
    });
    expect(await rejection(getWallet(db, { userId, currency: 'AZR' }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('cannot exceed the supply of 21,000,000 AZR, and can be tried again', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const mint = await getWallet(db, { system: 'MINT', currency: 'AZR' });
    const { id } = await submit(userId, 2_100_000_000_000_000n + mint.posted + 1n);
    await verifyMiningActivity(db, { userId, id });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refusal = await rejection(rewardMiningActivity(db, { userId, id }));
      expect(refusal).toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
        wallet: { system: 'MINT', currency: 'AZR' },
        available: 2_100_000_000_000_000n + mint.posted,
      });
      // Rolled back with the rest, so that the error names what is not there.
      const transactionId = String((refusal as InsufficientFundsError).transactionId);
      expect(await rejection(getTransaction(db, { userId, id: transactionId }))).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});

describe('payments', () => {
  const newPayment = (userId: string, courseId?: string) => ({
    userId,
    type: courseId ? ('ENROLLMENT' as const) : ('DONATION' as const),
    amount: 19_900n,
    currency: 'ZAR',
    provider: 'payfast',
    providerReference: randomUUID(),
    courseId,
  });

  test('settles once: posts, and enrolls the payer', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const courseId = await createPublishedCourse(await createUser(db));
    const before = (await getWallet(db, { system: 'FEES', currency: 'ZAR' })).posted;
    const request = newPayment(userId, courseId);
    const { id } = await createPayment(db, request);
    expect((await createPayment(db, request)).id).toBe(id);
    const settled = await Promise.all(
      Array.from({ length: 8 }, () => settlePayment(db, { userId, id })),
    );
    expect(new Set(settled.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect((await getWallet(db, { system: 'FEES', currency: 'ZAR' })).posted).toBe(
      before + 19_900n,
    );
    const { rowCount } = await db.$client.query(
      'select from education.enrollments where user_id = $1 and course_id = $2',
      [userId, courseId],
    );
    expect(rowCount).toBe(1);
    expect(await rejection(failPayment(db, { userId, id, reason: 'late' }))).toMatchObject({
      code: 'WRONG_STATE',
    });

    const refunds = await Promise.all(
      Array.from({ length: 8 }, () => refundPayment(db, { userId, id })),
    );
    expect(refunds.map(({ status }) => status)).toEqual(Array(8).fill('REFUNDED'));
    expect((await getWallet(db, { system: 'FEES', currency: 'ZAR' })).posted).toBe(before);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('a reference belongs to one payment over all users', async () => {
    const { db } = database;
    const [alice, bob] = await Promise.all([createUser(db), createUser(db)]);
    const request = newPayment(alice);
    await createPayment(db, request);
    expect(await rejection(createPayment(db, { ...request, userId: bob }))).toMatchObject({
      code: 'REFERENCE_TAKEN',
    });
    expect(await rejection(createPayment(db, { ...request, amount: 1n }))).toMatchObject({
      code: 'REFERENCE_TAKEN',
    });
  });

  test.each(['repeatable read', 'serializable'] as const)(
    'is found by a %s transaction that began before it was there',
    async (isolation) => {
      const { db } = database;
      const request = newPayment(await createUser(db));
      let runs = 0;
      const first: { id: string }[] = [];
      const again = await transaction(
        db,
        async (tx) => {
          runs += 1;
          await tx.execute(sql`select`);
          if (runs === 1) first.push(await createPayment(db, request));
          return createPayment(tx, request);
        },
        { isolation },
      );
      expect([again]).toEqual(first);
      expect(runs).toBe(2);
      const other = { ...request, amount: 1n };
      const refused = transaction(db, (tx) => createPayment(tx, other), { isolation });
      expect(await rejection(refused)).toMatchObject({ code: 'REFERENCE_TAKEN' });
    },
  );

  test('posts nothing for a payment that failed', async () => {
    const { db } = database;
    const userId = await createUser(db);
    const { id } = await createPayment(db, newPayment(userId));
    const failed = await failPayment(db, { userId, id, reason: 'card declined' });
    expect(failed).toMatchObject({ status: 'FAILED', failureReason: 'card declined' });
    expect(await rejection(settlePayment(db, { userId, id }))).toMatchObject({
      code: 'WRONG_STATE',
    });
    expect(await rejection(refundPayment(db, { userId, id }))).toMatchObject({
      code: 'WRONG_STATE',
    });
  });

  test.each([
    ['courseId', { type: 'ENROLLMENT' }],
    ['amount', { amount: 1.5 }],
    ['providerReference', { providerReference: '' }],
  ])('names a bad %s', async (field, change) => {
    const request = { ...newPayment(await createUser(database.db)), ...change };
    expect(await rejection(createPayment(database.db, request as never))).toMatchObject({
      code: 'INVALID_INPUT',
      field,
    });
  });
});
