import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';
import { insertSkill, insertUser, insertUserSkill } from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
const given = Date.parse('2026-03-01T10:00:00.000Z');
let userId: string;
let skillId: number;

beforeAll(async () => {
  const { db } = database;
  userId = (await insertUser(db)).id;
  skillId = (await insertSkill(db)).id;
  await insertUserSkill(db, { userId, skillId });
  await finance.openWallet(db, { userId, currency: 'ZAR' });
});

/** Calls it, and changes what it was given before anything has been sent. */
async function changedAfter<P extends object, R>(
  params: P,
  call: (params: P) => Promise<R>,
  change: (params: P) => void,
): Promise<R> {
  const running = call(params);
  change(params);
  return await running;
}

const move = (date: Date) => date.setTime(0);

it('stores the time and the facts that a posting had when it was called', async () => {
  const { db } = database;
  const params = {
    userId,
    currency: 'ZAR',
    amount: 5n,
    idempotencyKey: randomUUID(),
    occurredAt: new Date(given),
    metadata: { list: [{ a: 1 }] },
  };
  const deposit = (some: typeof params) => finance.deposit(db, some);
  const change = ({ occurredAt, metadata }: typeof params) => {
    move(occurredAt);
    metadata.list.push({ a: 2 });
  };
  const stored = await changedAfter(params, deposit, change);
  expect(stored.occurredAt).toEqual(new Date(given));
  expect(stored.metadata).toEqual({ list: [{ a: 1 }] });
  // Its row agrees with its hash: the same request again is the same one.
  const same = { ...params, occurredAt: new Date(given), metadata: { list: [{ a: 1 }] } };
  expect((await finance.deposit(db, same)).id).toBe(stored.id);
});

it('does so through the combiner, whose batch is sent later', async () => {
  const combiner = finance.createTransferCombiner(database.db);
  const params = {
    from: { system: 'EXTERNAL', currency: 'ZAR' } as const,
    to: { userId, currency: 'ZAR' },
    amount: 5n,
    idempotencyKey: randomUUID(),
    occurredAt: new Date(given),
  };
  const stored = await changedAfter(params, combiner.transfer, (some) => {
    move(some.occurredAt);
    some.to.userId = randomUUID();
  });
  expect(stored.occurredAt).toEqual(new Date(given));
  await combiner.close();
});

it('does so in what waits for a transaction first', async () => {
  const { db } = database;
  const job = {
    title: 'Engineer',
    description: '',
    company: 'Baobab',
    remote: true,
    postedAt: new Date(given),
    skills: [{ skillId, level: 'EXPERT' as const }],
  };
  const post = (some: typeof job) => marketplace.createJob(db, some);
  const stored = await changedAfter(job, post, ({ postedAt, skills }) => {
    move(postedAt);
    skills.length = 0;
  });
  expect(stored.postedAt).toEqual(new Date(given));
  const { score } = await marketplace.scoreMatch(db, { userId, jobId: stored.id });
  expect(score).toBeGreaterThan(0);
});

it('does so in prepared statements and inside of a transaction', async () => {
  const verify = { userId, skillId, verifiedAt: new Date(given) };
  const stored = await transaction(database.db, (tx) =>
    changedAfter(
      verify,
      (some) => marketplace.verifySkill(tx, some),
      ({ verifiedAt }) => move(verifiedAt),
    ),
  );
  expect(stored.verifiedAt).toEqual(new Date(given));
});

it('keeps the answers that were handed in', async () => {
  const { db } = database;
  const quiz = { userId, type: 'QUIZ', title: 'Quiz', maxScore: 10 } as const;
  const { id: assessmentId } = await education.createAssessment(db, quiz);
  await education.startAssessment(db, { userId, assessmentId });
  const sheet = { userId, assessmentId, answers: [{ text: 'mine' }] };
  const submit = (some: typeof sheet) => education.submitAssessment(db, some);
  const stored = await changedAfter(sheet, submit, ({ answers }) => {
    if (answers[0]) answers[0].text = 'theirs';
  });
  expect(stored.answers).toEqual([{ text: 'mine' }]);
});
