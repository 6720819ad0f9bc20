import type { Db } from '../../src/db/session.ts';
import { deposit } from '../../src/queries/finance/transfers/deposit.ts';
import { transfer } from '../../src/queries/finance/transfers/transfer.ts';
import { withdraw } from '../../src/queries/finance/transfers/withdraw.ts';
import { openWallet } from '../../src/queries/finance/wallets/open-wallet.ts';
import { miningActivities } from '../../src/schema/finance/mining-activities.ts';
import { demoAssessment, demoMining, demoUsers } from './ids.ts';
import { insertMissing } from './insert-missing.ts';

const { student, educator } = demoUsers;
const studentRand = { userId: student, currency: 'ZAR' };
const educatorRand = { userId: educator, currency: 'ZAR' };
const studentAzora = { userId: student, currency: 'AZR' };

/** Every balance comes from postings; their keys make a second run find the first one's. */
async function seedRand(db: Db): Promise<void> {
  await deposit(db, {
    ...studentRand,
    amount: 150_000n,
    description: 'Card payment',
    idempotencyKey: 'demo:deposit',
    occurredAt: new Date('2026-01-12T16:50:00Z'),
  });
  await transfer(db, {
    from: studentRand,
    to: educatorRand,
    amount: 45_000n,
    type: 'PAYMENT',
    description: 'Web development from zero',
    idempotencyKey: 'demo:course-fee',
    occurredAt: new Date('2026-01-12T16:59:00Z'),
  });
  await withdraw(db, {
    ...studentRand,
    amount: 20_000n,
    description: 'To a bank account',
    idempotencyKey: 'demo:withdrawal',
    occurredAt: new Date('2026-01-28T12:00:00Z'),
  });
}

/** A rewarded proof of knowledge, and one that waits to be verified. */
async function seedMining(db: Db): Promise<void> {
  const verifiedAt = new Date('2026-01-26T08:30:00Z');
  const rewardedAt = new Date('2026-01-26T09:00:00Z');
  const reward = await transfer(db, {
    from: { system: 'MINT', currency: 'AZR' },
    to: studentAzora,
    amount: 2_500_000_000n,
    type: 'MINING_REWARD',
    description: 'JavaScript: values and functions',
    idempotencyKey: `mining:${demoMining.assessment}`,
    occurredAt: rewardedAt,
  });
  await insertMissing(db, miningActivities, [
    {
      userId: student,
      id: demoMining.assessment,
      type: 'ASSESSMENT_PASS',
      tokensEarned: 2_500_000_000n,
      idempotencyKey: `assessment:${demoAssessment}`,
      status: 'REWARDED',
      metadata: { assessmentId: demoAssessment },
      transactionId: reward.id,
      createdAt: new Date('2026-01-20T07:00:00Z'),
      updatedAt: rewardedAt,
      verifiedAt,
      rewardedAt,
    },
    {
      userId: student,
      id: demoMining.contribution,
      type: 'COMMUNITY_CONTRIBUTION',
      tokensEarned: 500_000_000n,
      idempotencyKey: 'forum:2026-02-01',
      metadata: { summary: 'Answered questions in the forum' },
      createdAt: new Date('2026-02-01T18:00:00Z'),
      updatedAt: new Date('2026-02-01T18:00:00Z'),
    },
  ]);
}

export async function seedFinance(db: Db): Promise<void> {
  for (const wallet of [studentRand, studentAzora, educatorRand]) await openWallet(db, wallet);
  await seedRand(db);
  await seedMining(db);
}
