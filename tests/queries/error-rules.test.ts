import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { constraintRules } from '../../src/db/constraint-rules.ts';
import { transaction } from '../../src/db/transaction.ts';
import { ConstraintError } from '../../src/errors.ts';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';
import { jobApplications, users } from '../../src/schema/index.ts';
import {
  insertJob,
  insertSkill,
  insertUser,
  insertUserSkill,
  insertWallet,
} from '../../src/testing/factories/index.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
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
const payment = { type: 'DONATION', amount: 5n, currency: 'ZAR', provider: 'bank' } as const;
const paid = () => ({ ...payment, providerReference: randomUUID() });

/** What an error is to a caller who decides by class, code, field or keys. */
async function refusal(call: Promise<unknown>) {
  const error = (await rejection(call)) as Error & Record<string, unknown>;
  return [error.name, error.code, error.field ?? error.keys ?? error.status].flat();
}

describe('an unknown currency', () => {
  const currency = 'XXX';
  const calls: Record<string, () => Promise<unknown>> = {
    openWallet: () => finance.openWallet(database.db, { userId, currency }),
    deposit: () =>
      finance.deposit(database.db, { userId, currency, amount: 1n, idempotencyKey: randomUUID() }),
    placeHold: () =>
      finance.placeHold(database.db, {
        userId,
        currency,
        amount: 1n,
        expiresAt: new Date(Date.now() + 60_000),
        idempotencyKey: randomUUID(),
      }),
    exchange: async () => {
      await finance.openWallet(database.db, { userId, currency: 'ZAR' });
      return finance.exchange(database.db, {
        userId,
        from: 'ZAR',
        to: currency,
        amount: 1n,
        rate: { numerator: 1n, denominator: 1n },
        idempotencyKey: randomUUID(),
      });
    },
    createPayment: () => finance.createPayment(database.db, { ...paid(), userId, currency }),
    createJob: () => marketplace.createJob(database.db, { ...job, salaryMin: 1n, currency }),
    updateJob: async () => {
      const { id } = await insertJob(database.db);
      return marketplace.updateJob(database.db, { jobId: id, changes: { currency } });
    },
    createCourse: () =>
      education.createCourse(database.db, { ...course, instructorId: userId, currency }),
  };

  it.each(Object.keys(calls))('is one error in %s', async (name) => {
    const error = await rejection(calls[name]?.() ?? Promise.resolve());
    expect(error).toBeInstanceOf(finance.UnknownCurrencyError);
    expect(error).toMatchObject({ name: 'UnknownCurrencyError', code: 'UNKNOWN_CURRENCY' });
    expect(error.message).toBe('the platform does not have this currency');
  });
});

describe('a state from which it cannot be done', () => {
  it('is named, also inside a transaction, which goes on', async () => {
    const { db } = database;
    const key = { userId, jobId: (await insertJob(db)).id };
    await marketplace.applyToJob(db, key);
    const move = { ...key, changedBy: otherId } as const;
    await marketplace.moveApplication(db, { ...move, status: 'SHORTLISTED' });
    await transaction(db, async (tx) => {
      const back = marketplace.moveApplication(tx, { ...move, status: 'REVIEWING' });
      expect(await refusal(back)).toEqual(['WrongStateError', 'WRONG_STATE', 'SHORTLISTED']);
      await marketplace.moveApplication(tx, { ...move, status: 'REJECTED' });
      const out = marketplace.withdrawApplication(tx, key);
      expect(await refusal(out)).toEqual(['WrongStateError', 'WRONG_STATE', 'REJECTED']);
    });
    const withdrawn = { userId, jobId: (await insertJob(db)).id };
    await marketplace.applyToJob(db, withdrawn);
    await marketplace.withdrawApplication(db, withdrawn);
    const late = marketplace.moveApplication(db, {
      ...withdrawn,
      status: 'OFFERED',
      changedBy: otherId,
    });
    expect(await refusal(late)).toEqual(['WrongStateError', 'WRONG_STATE', 'WITHDRAWN']);
  });

  it('has an error of its own for jobs and wallets', async () => {
    const { db } = database;
    const { id: jobId } = await insertJob(db, { status: 'CLOSED' });
    expect(await refusal(marketplace.applyToJob(db, { userId, jobId }))).toEqual([
      'JobNotOpenError',
      'JOB_NOT_OPEN',
      undefined,
    ]);
    const wallet = { userId: otherId, currency: 'USD' };
    await insertWallet(db, wallet);
    await finance.deposit(db, { ...wallet, amount: 1n, idempotencyKey: randomUUID() });
    expect(await refusal(finance.closeWallet(db, wallet))).toEqual([
      'WalletNotEmptyError',
      'WALLET_NOT_EMPTY',
      undefined,
    ]);
  });
});

describe('a statement of the caller', () => {
  it('rejects with ConstraintError in words of ours, which hold no value', async () => {
    const { db } = database;
    const bad = await rejection(db.insert(users).values({ email: 'nobody', name: 'N' }));
    expect(bad).toBeInstanceOf(ConstraintError);
    expect(bad).toMatchObject({
      code: 'CONSTRAINT_VIOLATION',
      constraint: 'users_email_form_check',
      message: 'email must be an address such as name@example.com',
    });
    const { email } = await insertUser(db);
    const second = await rejection(db.insert(users).values({ email, name: 'N' }));
    expect(second.message).toBe('there is already one user with this email');
    const key = { userId, jobId: (await insertJob(db)).id };
    await marketplace.applyToJob(db, key);
    const again = await rejection(db.insert(jobApplications).values(key));
    expect(again).toMatchObject({ name: 'ConstraintError', constraint: 'job_applications_pkey' });
    const length = await rejection(db.insert(users).values({ email: 'n@example.com', name: '' }));
    expect(length.message).toBe('identity.users does not allow this: users_name_length_check');
  });
});

it('explains only constraints that exist', async () => {
  const { rows } = await database.db.execute<{ name: string }>(sql`
    select name from unnest(${sql.param(Object.keys(constraintRules))}::text[]) as rules (name)
    where not exists (select from pg_constraint where conname = name)
      and to_regclass('identity.' || name) is null
      and not exists (select from pg_proc where prosrc like '%''' || name || '''%')`);
  expect(rows).toEqual([]);
});
