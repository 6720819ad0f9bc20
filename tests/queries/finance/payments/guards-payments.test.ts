import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  createPayment,
  failPayment,
  openWallet,
  refundPayment,
  rejectMiningActivity,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import { EXTERNAL, FEES, MINT, postingSql } from '../transfers/ledger-sql.ts';

const database = useTestDatabase();
let userId: string;

beforeAll(async () => {
  userId = await createHolder(database.db, 100n);
  await openWallet(database.db, { userId, currency: 'AZR' });
});

const final = (table: string) => ({ code: '23001', table, constraint: `${table}_append_only` });

/** A transaction of the user's, between the wallets that such a transaction moves money between. */
async function post(
  type: 'PAYMENT' | 'TRANSFER' | 'REFUND' | 'MINING_REWARD',
  amount: bigint,
  currency = 'ZAR',
  [payer, payee] = partiesOf(type),
): Promise<string> {
  const { id } = await database.db.$client
    .query(
      `select id
       from finance.post_transfer(
         initiator => $1, request_key => $2, hash => sha256('x'), of_type => $3, payer => $4,
         payee => $5, of_currency => $6, moved => $7, happened_at => null, about => null,
         extra => '{}'
       )`,
      [userId, randomUUID(), type, payer, payee, currency, amount],
    )
    .then(({ rows }) => rows[0]);
  return id;
}

function partiesOf(type: string): [payer: string, payee: string] {
  if (type === 'MINING_REWARD') return [MINT, userId];
  return type === 'REFUND' ? [FEES, EXTERNAL] : [EXTERNAL, FEES];
}

describe('payments', () => {
  const create = async (amount = 50n, type: 'DONATION' | 'REFUND' = 'DONATION') => {
    const request = {
      userId,
      type,
      amount,
      currency: 'ZAR',
      provider: 'test',
    } as const;
    return createPayment(database.db, { ...request, providerReference: randomUUID() });
  };
  const settleBy = (id: string, transactionId: string) =>
    `update finance.payments set status = 'COMPLETED', completed_at = clock_timestamp(),
       transaction_id = '${transactionId}' where id = '${id}'`;

  test.each(['amount = 51', `currency = 'USD'`, `type = 'SUBSCRIPTION'`, 'id = gen_random_uuid()'])(
    'keep what they are about: %s',
    async (change) => {
      const { id } = await create();
      const text = `update finance.payments set ${change} where id = '${id}'`;
      expect(await refusalOf(database.db, text)).toEqual(final('payments'));
    },
  );

  test('keep their owner', async () => {
    const { id } = await create();
    const other = await createHolder(database.db);
    const text = `update finance.payments set user_id = '${other}' where id = '${id}'`;
    expect(await refusalOf(database.db, text)).toEqual(final('payments'));
  });

  test('go forward only, and stay once they are settled, failed or refunded', async () => {
    const { db } = database;
    const [settled, failed, refunded, pending] = [
      await create(),
      await create(),
      await create(),
      await create(),
    ];
    await settlePayment(db, { userId, id: settled.id });
    await failPayment(db, { userId, id: failed.id, reason: 'declined' });
    await settlePayment(db, { userId, id: refunded.id });
    await refundPayment(db, { userId, id: refunded.id });
    const back = `status = 'PENDING', completed_at = null, failed_at = null, refunded_at = null, transaction_id = null`;
    for (const { id } of [settled, failed, refunded]) {
      for (const text of [
        `update finance.payments set ${back} where id = '${id}'`,
        `update finance.payments set description = 'other' where id = '${id}'`,
        `delete from finance.payments where id = '${id}'`,
      ]) {
        expect(await refusalOf(db, text)).toEqual(final('payments'));
      }
    }
    const skip = `update finance.payments set status = 'REFUNDED', completed_at = now(), refunded_at = now(),
      transaction_id = '${await post('PAYMENT', 50n)}' where id = '${pending.id}'`;
    expect(await refusalOf(db, skip)).toEqual(final('payments'));
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test.each([
    ['a transfer', 'TRANSFER', 50n, 'ZAR'],
    ['another amount', 'PAYMENT', 49n, 'ZAR'],
    ['another currency', 'PAYMENT', 50n, 'USD'],
  ] as const)('are not settled by %s', async (_what, type, amount, currency) => {
    const { id } = await create();
    const text = settleBy(id, await post(type, amount, currency));
    expect(await refusalOf(database.db, text)).toEqual({
      code: '23514',
      table: 'payments',
      constraint: 'payments_settled_by_transaction_check',
    });
  });

  test.each<[string, () => [string, string]]>([
    ['the other way', () => [FEES, EXTERNAL]],
    ['from somebody else', () => [userId, FEES]],
    ['to somebody else', () => [EXTERNAL, userId]],
  ])('are not settled by money that went %s', async (_what, parties) => {
    await post('PAYMENT', 500n);
    const { id } = await create();
    const transactionId = await post('PAYMENT', 50n, 'ZAR', parties());
    expect((await refusalOf(database.db, settleBy(id, transactionId))).constraint).toBe(
      'payments_settled_by_transaction_check',
    );
    const { id: refund } = await create(50n, 'REFUND');
    const backwards = await post('REFUND', 50n, 'ZAR', [EXTERNAL, FEES]);
    expect((await refusalOf(database.db, settleBy(refund, backwards))).constraint).toBe(
      'payments_settled_by_transaction_check',
    );
  });

  test('are not settled by what has no entries yet, or was given back', async () => {
    const { db } = database;
    const [{ id }, early] = [await create(), randomUUID()];
    const values = { userId, id: early, type: 'PAYMENT', amount: 50 };
    const posting = await postingSql(db, values, [
      { owner: EXTERNAL, amount: -50 },
      { owner: FEES, amount: 50 },
    ]);
    const settledFirst = posting.replace(
      'insert into finance.entries',
      `${settleBy(id, early)}; insert into finance.entries`,
    );
    const refusal = { code: '23514', constraint: 'payments_settled_by_transaction_check' };
    expect(await refusalOf(db, settledFirst)).toMatchObject(refusal);
    await db.$client.query(posting);
    const refund = { userId, type: 'REFUND', amount: 50, reverses: early };
    const back = [
      { owner: EXTERNAL, amount: 50 },
      { owner: FEES, amount: -50 },
    ];
    await db.$client.query(await postingSql(db, refund, back));
    expect(await refusalOf(db, settleBy(id, early))).toMatchObject(refusal);
  });

  test('are refunded with their money, not only their transaction', async () => {
    const { db } = database;
    const { id } = await create();
    const { transactionId } = await settlePayment(db, { userId, id });
    const refund = { userId, type: 'REFUND', amount: 50, reverses: transactionId as string };
    const posting = await postingSql(db, refund, [
      { owner: EXTERNAL, amount: 50 },
      { owner: FEES, amount: -50 },
    ]);
    expect(await refusalOf(db, posting)).toEqual({
      code: '23514',
      table: 'transactions',
      constraint: 'transactions_refund_of_refunded_check',
    });
  });

  test('are settled by a transaction of their own', async () => {
    const [one, two, transactionId] = [await create(), await create(), await post('PAYMENT', 50n)];
    await database.db.$client.query(settleBy(one.id, transactionId));
    expect(await refusalOf(database.db, settleBy(two.id, transactionId))).toMatchObject({
      code: '23505',
      constraint: 'payments_user_id_transaction_id_key',
    });
  });

  test('of type REFUND are not settled by the refund of another', async () => {
    const { db } = database;
    const [refunded, other] = [await create(), await create(50n, 'REFUND')];
    const { transactionId } = await settlePayment(db, { userId, id: refunded.id });
    await refundPayment(db, { userId, id: refunded.id });
    const { rows } = await db.$client.query(
      'select id from finance.transactions where user_id = $1 and reverses_id = $2',
      [userId, transactionId],
    );
    expect(await refusalOf(db, settleBy(other.id, rows[0].id))).toEqual({
      code: '23514',
      table: 'payments',
      constraint: 'payments_settled_by_transaction_check',
    });
    await db.$client.query(settleBy(other.id, await post('REFUND', 50n)));
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('are not refunded without a refund', async () => {
    const { db } = database;
    const { id } = await create();
    await settlePayment(db, { userId, id });
    await post('REFUND', 50n);
    const text = `update finance.payments set status = 'REFUNDED', refunded_at = clock_timestamp() where id = '${id}'`;
    expect(await refusalOf(db, text)).toEqual({
      code: '23514',
      table: 'payments',
      constraint: 'payments_refunded_by_transaction_check',
    });
  });

  test('have one reference, their own', async () => {
    const { db } = database;
    const [{ id }, reference] = [await create(), randomUUID()];
    const text = `insert into finance.payment_references (provider, reference, user_id, payment_id)
      values ('test', '${reference}', '${userId}', '${id}')`;
    expect(await refusalOf(db, text)).toEqual({
      code: '23514',
      table: 'payment_references',
      constraint: 'payment_references_of_payment_check',
    });
    const request = { userId, type: 'DONATION', amount: 1n, currency: 'ZAR' } as const;
    await createPayment(db, { ...request, provider: 'test', providerReference: reference });
  });

  test('keep their reference, which goes only with a pending payment', async () => {
    const { db } = database;
    const { id } = await create();
    for (const text of [
      `update finance.payment_references set reference = 'mine' where payment_id = '${id}'`,
      `delete from finance.payment_references where payment_id = '${id}'`,
      'truncate finance.payment_references',
    ]) {
      expect(await refusalOf(db, text)).toEqual(final('payment_references'));
    }
    await db.$client.query('delete from finance.payments where id = $1', [id]);
    const { rowCount } = await db.$client.query(
      'select from finance.payment_references where payment_id = $1',
      [id],
    );
    expect(rowCount).toBe(0);
  });
});

describe('mining activities', () => {
  const verified = async () => {
    const { db } = database;
    const request = {
      userId,
      type: 'ASSESSMENT_PASS',
      tokensEarned: 5n,
      idempotencyKey: randomUUID(),
    } as const;
    const { id } = await submitMiningActivity(db, request);
    await verifyMiningActivity(db, { userId, id });
    return id;
  };
  const rewardBy = (id: string, transactionId: string) =>
    `update finance.mining_activities set status = 'REWARDED', rewarded_at = clock_timestamp(),
       transaction_id = '${transactionId}' where id = '${id}'`;

  test('go forward only, and stay once they are rewarded or rejected', async () => {
    const { db } = database;
    const [rewarded, rejected, open] = [await verified(), await verified(), await verified()];
    await rewardMiningActivity(db, { userId, id: rewarded });
    await rejectMiningActivity(db, { userId, id: rejected, reason: 'copied' });
    for (const id of [rewarded, rejected]) {
      for (const text of [
        `update finance.mining_activities set tokens_earned = 6 where id = '${id}'`,
        `update finance.mining_activities set status = 'VERIFIED', rewarded_at = null, rejected_at = null,
           rejection_reason = null, transaction_id = null where id = '${id}'`,
        `delete from finance.mining_activities where id = '${id}'`,
      ]) {
        expect(await refusalOf(db, text)).toEqual(final('mining_activities'));
      }
    }
    const other = await createHolder(db);
    for (const change of [`user_id = '${other}'`, `status = 'PENDING'`]) {
      const text = `update finance.mining_activities set ${change} where id = '${open}'`;
      expect(await refusalOf(db, text)).toEqual(final('mining_activities'));
    }
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test.each([
    ['a transfer', 'TRANSFER', 5n, 'AZR'],
    ['another amount', 'MINING_REWARD', 4n, 'AZR'],
    ['another currency', 'MINING_REWARD', 5n, 'ZAR'],
  ] as const)('are not rewarded by %s', async (_what, type, amount, currency) => {
    const text = rewardBy(await verified(), await post(type, amount, currency));
    expect(await refusalOf(database.db, text)).toEqual({
      code: '23514',
      table: 'mining_activities',
      constraint: 'mining_activities_rewarded_by_transaction_check',
    });
  });

  test.each<[string, () => [string, string]]>([
    ['from somebody else than MINT', () => [EXTERNAL, userId]],
    ['to somebody else', () => [MINT, FEES]],
  ])('are not rewarded %s', async (_what, parties) => {
    const text = rewardBy(await verified(), await post('MINING_REWARD', 5n, 'AZR', parties()));
    expect((await refusalOf(database.db, text)).constraint).toBe(
      'mining_activities_rewarded_by_transaction_check',
    );
  });

  test('are worth what was submitted, and were verified once', async () => {
    const { db } = database;
    const request = { userId, type: 'ASSESSMENT_PASS', tokensEarned: 5n } as const;
    const { id: pending } = await submitMiningActivity(db, { ...request, idempotencyKey: 'p' });
    for (const id of [pending, await verified()]) {
      for (const change of [
        'tokens_earned = 99999',
        `metadata = '{"forged": true}'`,
        `idempotency_key = 'other'`,
        `type = 'PEER_TEACHING'`,
      ]) {
        const text = `update finance.mining_activities set ${change} where id = '${id}'`;
        expect(await refusalOf(db, text)).toEqual(final('mining_activities'));
      }
    }
    const again = `update finance.mining_activities set verified_at = now() where id = '${await verified()}'`;
    expect(await refusalOf(db, again)).toEqual(final('mining_activities'));
    const skipped = `update finance.mining_activities set status = 'REWARDED', verified_at = clock_timestamp(),
      rewarded_at = clock_timestamp(), transaction_id = '${await post('MINING_REWARD', 5n, 'AZR')}' where id = '${pending}'`;
    expect(await refusalOf(db, skipped)).toEqual(final('mining_activities'));
    const deleted = `delete from finance.mining_activities where id = '${await verified()}'`;
    expect(await refusalOf(db, deleted)).toEqual(final('mining_activities'));
  });

  test('are rewarded by a transaction of their own', async () => {
    const transactionId = await post('MINING_REWARD', 5n, 'AZR');
    await database.db.$client.query(rewardBy(await verified(), transactionId));
    expect(await refusalOf(database.db, rewardBy(await verified(), transactionId))).toMatchObject({
      code: '23505',
      constraint: 'mining_activities_user_id_transaction_id_key',
    });
  });
});
