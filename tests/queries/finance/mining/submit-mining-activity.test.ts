import { expect, test } from 'vitest';
import {
  IdempotencyConflictError,
  submitMiningActivity,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createUser } from '../bundle.ts';

const database = useTestDatabase({ max: 20 });

function proofOf(userId: string) {
  const metadata = { course: 'SQL', parts: [1, 2] };
  const idempotencyKey = 'assessment 7';
  return { userId, type: 'ASSESSMENT_PASS', tokensEarned: 500n, metadata, idempotencyKey } as const;
}

async function countOf(userId: string): Promise<number> {
  const { rows } = await database.db.$client.query(
    'select count(*)::integer as count from finance.mining_activities where user_id = $1',
    [userId],
  );
  return rows[0].count;
}

test('is one activity for 32 callers with one key, and later as it stands', async () => {
  const { db } = database;
  const userId = await createUser(db);
  const proof = proofOf(userId);
  const submitted = await Promise.all(
    Array.from({ length: 32 }, () => submitMiningActivity(db, proof)),
  );
  const [first] = submitted;
  expect(submitted).toEqual(submitted.map(() => first));
  expect(first).toMatchObject({ status: 'PENDING', metadata: proof.metadata });
  await verifyMiningActivity(db, { userId, id: first?.id ?? '' });
  const again = await submitMiningActivity(db, {
    ...proof,
    metadata: { parts: [1, 2], course: 'SQL' },
  });
  expect(again).toEqual({ ...first, status: 'VERIFIED' });
  expect(await countOf(userId)).toBe(1);
});

test('refuses another proof under the key, and keeps the keys of users apart', async () => {
  const { db } = database;
  const [userId, other] = await Promise.all([createUser(db), createUser(db)]);
  const proof = proofOf(userId);
  const { id } = await submitMiningActivity(db, proof);
  for (const change of [
    { tokensEarned: 501n },
    { type: 'PEER_TEACHING' as const },
    { metadata: { course: 'SQL' } },
  ]) {
    const error = await rejection(submitMiningActivity(db, { ...proof, ...change }));
    expect(error).toBeInstanceOf(IdempotencyConflictError);
  }
  expect((await submitMiningActivity(db, { ...proof, userId: other })).id).not.toBe(id);
  expect(await countOf(userId)).toBe(1);
});

test('refuses a user who does not exist', async () => {
  const stranger = '01890000-0000-7000-8000-000000000000';
  expect(await rejection(submitMiningActivity(database.db, proofOf(stranger)))).toMatchObject({
    code: 'NOT_FOUND',
    entity: 'user',
  });
});
