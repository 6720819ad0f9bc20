import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  createPayment,
  placeHold,
  refundPayment,
  releaseHold,
  rewardMiningActivity,
  settlePayment,
  submitMiningActivity,
  transfer,
  verifyMiningActivity,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';
import { EXTERNAL, transactionSql } from '../transfers/ledger-sql.ts';
import { expectFindings, plant } from './planting.ts';

/* What holds, payments, rewards and currencies need beside them. */
const database = useTestDatabase();
let userId: string;

beforeAll(async () => {
  userId = await createHolder(database.db, 1_000n);
});

const zar = () => ({ userId, currency: 'ZAR' });
const farOff = '2999-01-01T00:00:00.000Z';

async function place(): Promise<string> {
  const { id } = await placeHold(database.db, {
    ...zar(),
    amount: 5n,
    idempotencyKey: randomUUID(),
    expiresAt: new Date(farOff),
  });
  return id;
}

async function release(holdId: string): Promise<string> {
  const request = { userId, holdId, idempotencyKey: randomUUID() };
  return (await releaseHold(database.db, request)).id;
}

describe('auditLedger finds', () => {
  const wallets = (change: string) =>
    `update finance.wallets set ${change} where user_id = '${userId}'`;

  test('what is held without a hold, and a wrong time for the next to end', async () => {
    const { db } = database;
    await expectFindings(db, { fault: [wallets('held = 7')], cure: [wallets('held = 0')] }, [
      { kind: 'HELD_MISMATCH', keys: zar(), expected: '0', actual: '7' },
    ]);
    const holdId = await place();
    const fault = [wallets(`hold_expires_at = '2030-01-01'`)];
    const cure = [wallets(`hold_expires_at = '${farOff}'`)];
    await expectFindings(db, { fault, cure }, [{ kind: 'HOLD_EXPIRY_MISMATCH', keys: zar() }]);
    await release(holdId);
  });

  test('a hold that no transaction placed', async () => {
    const id = await place();
    const fault = [`delete from finance.transactions where id = '${id}'`];
    const cure = [transactionSql({ userId, id, type: 'HOLD' })];
    await expectFindings(database.db, { fault, cure }, [
      { kind: 'ORPHAN_HOLD', keys: { userId, holdId: id }, actual: 'PENDING' },
    ]);
    await release(id);
  });

  test('a hold that was placed, captured or released by another amount', async () => {
    const { db } = database;
    const placed = await place();
    const released = await place();
    const releaseId = await release(released);
    const captured = await place();
    await captureHold(db, {
      userId,
      holdId: captured,
      to: { system: 'FEES' },
      amount: 3n,
      idempotencyKey: 'capture',
    });
    const amounts = (id: string, amount: number) => [
      `update finance.transactions set amount = ${amount} where id = '${id}'`,
    ];
    const planted = (id: string) => ({ fault: amounts(id, 6), cure: amounts(id, 5) });
    await expectFindings(db, planted(placed), [
      { kind: 'ORPHAN_HOLD', keys: { userId, holdId: placed } },
    ]);
    await expectFindings(db, planted(releaseId), [
      { kind: 'ORPHAN_HOLD', keys: { userId, holdId: released }, actual: 'RELEASED' },
    ]);
    const holds = (amount: number) => [
      `update finance.holds set captured = ${amount} where id = '${captured}'`,
    ];
    await expectFindings(db, { fault: holds(4), cure: holds(3) }, [
      { kind: 'ORPHAN_HOLD', keys: { userId, holdId: captured }, actual: 'CAPTURED' },
    ]);
    await release(placed);
  });

  test('a hold that was ended before it was due', async () => {
    const id = await place();
    const end = (change: string, held: string) => [
      `update finance.holds set ${change} where id = '${id}'`,
      wallets(held),
    ];
    const planted = {
      fault: end(
        `status = 'EXPIRED', resolved_at = expires_at`,
        'held = 0, hold_expires_at = null',
      ),
      cure: end(
        `status = 'PENDING', resolved_at = null`,
        `held = 5, hold_expires_at = '${farOff}'`,
      ),
    };
    await expectFindings(database.db, planted, [
      { kind: 'EARLY_EXPIRY', keys: { ...zar(), holdId: id } },
    ]);
    await release(id);
  });

  test('transactions that should have a hold', async () => {
    const id = await place();
    const fault = [
      `delete from finance.holds where id = '${id}'`,
      wallets('held = 0, hold_expires_at = null'),
    ];
    const cure = [
      `insert into finance.holds (user_id, id, currency, amount, expires_at)
       values ('${userId}', '${id}', 'ZAR', 5, '${farOff}')`,
      wallets(`held = 5, hold_expires_at = '${farOff}'`),
    ];
    await expectFindings(database.db, { fault, cure }, [
      { kind: 'MISSING_HOLD', keys: { initiatorId: userId, transactionId: id }, actual: 'HOLD' },
    ]);
    const releaseId = await release(id);
    const resolve = (status: string, resolution: string) => [
      `update finance.holds set status = '${status}', resolution_id = ${resolution},
         expires_at = ${status === 'EXPIRED' ? 'resolved_at' : `'${farOff}'`} where id = '${id}'`,
    ];
    const planted = {
      fault: resolve('EXPIRED', 'null'),
      cure: resolve('RELEASED', `'${releaseId}'`),
    };
    await expectFindings(database.db, planted, [
      {
        kind: 'MISSING_HOLD',
        keys: { initiatorId: userId, transactionId: releaseId },
        actual: 'RELEASE',
      },
    ]);
  });

  test('a payment whose transactions do not fit', async () => {
    const { db } = database;
    const request = { ...zar(), type: 'DONATION', amount: 50n, provider: 'test' } as const;
    const { id } = await createPayment(db, { ...request, providerReference: randomUUID() });
    const finding = { kind: 'PAYMENT_MISMATCH', keys: { userId, paymentId: id } };
    const { transactionId } = await settlePayment(db, { userId, id });
    const types = (type: string) => [
      `update finance.transactions set type = '${type}' where id = '${transactionId}'`,
    ];
    await expectFindings(db, { fault: types('TRANSFER'), cure: types('PAYMENT') }, [finding]);
    const amounts = (amount: number) => [
      `update finance.payments set amount = ${amount} where id = '${id}'`,
    ];
    await expectFindings(db, { fault: amounts(51), cure: amounts(50) }, [
      { ...finding, expected: '51', actual: '50' },
    ]);
    await refundPayment(db, { userId, id });
    const refunds = (type: string) => [
      `update finance.transactions set type = '${type}' where reverses_id = '${transactionId}'`,
    ];
    await expectFindings(db, { fault: refunds('REVERSAL'), cure: refunds('REFUND') }, [finding]);
  });

  test('a payment or reward that was paid by or to somebody else', async () => {
    const { db } = database;
    const fresh = () => ({ idempotencyKey: randomUUID() });
    const donation = { ...zar(), type: 'DONATION', amount: 50n, provider: 'test' } as const;
    const { id } = await createPayment(db, { ...donation, providerReference: randomUUID() });
    const { transactionId } = await settlePayment(db, { userId, id });
    const fees = { system: 'FEES', currency: 'ZAR' } as const;
    const own = { from: zar(), to: fees, amount: 50n, type: 'PAYMENT' } as const;
    const other = await transfer(db, { ...own, ...fresh() });
    const payment = (transaction: string | null) => [
      `update finance.payments set transaction_id = '${transaction}' where id = '${id}'`,
    ];
    await expectFindings(db, { fault: payment(other.id), cure: payment(transactionId) }, [
      { kind: 'PAYMENT_MISMATCH', keys: { userId, paymentId: id } },
    ]);

    const proof = { userId, type: 'PEER_TEACHING', tokensEarned: 5n } as const;
    const { id: activityId } = await submitMiningActivity(db, { ...proof, ...fresh() });
    await verifyMiningActivity(db, { userId, id: activityId });
    const { transactionId: rewardId } = await rewardMiningActivity(db, { userId, id: activityId });
    const azr = { from: { system: 'EXTERNAL', currency: 'AZR' } as const, amount: 5n };
    const to = { userId, currency: 'AZR' };
    const outside = await transfer(db, { ...azr, to, type: 'MINING_REWARD', ...fresh() });
    const activity = (transaction: string | null) => [
      `update finance.mining_activities set transaction_id = '${transaction}' where id = '${activityId}'`,
    ];
    await expectFindings(db, { fault: activity(outside.id), cure: activity(rewardId) }, [
      { kind: 'REWARD_MISMATCH', keys: { userId, activityId } },
    ]);
  });

  test('a settled payment whose money was given back', async () => {
    const { db } = database;
    const donation = { ...zar(), type: 'DONATION', amount: 50n, provider: 'test' } as const;
    const { id } = await createPayment(db, { ...donation, providerReference: randomUUID() });
    await settlePayment(db, { userId, id });
    await refundPayment(db, { userId, id });
    const set = (change: string) => [`update finance.payments set ${change} where id = '${id}'`];
    const planted = {
      fault: set(`status = 'COMPLETED', refunded_at = null`),
      cure: set(`status = 'REFUNDED', refunded_at = completed_at + interval '1 second'`),
    };
    await expectFindings(db, planted, [{ kind: 'PAYMENT_MISMATCH', keys: { paymentId: id } }]);
  });

  test('a payment that the refund of another settled', async () => {
    const { db } = database;
    const request = { ...zar(), amount: 50n, provider: 'test' } as const;
    const [refunded, other] = [
      await createPayment(db, { ...request, type: 'DONATION', providerReference: randomUUID() }),
      await createPayment(db, { ...request, type: 'REFUND', providerReference: randomUUID() }),
    ];
    const { transactionId } = await settlePayment(db, { userId, id: refunded.id });
    await refundPayment(db, { userId, id: refunded.id });
    const where = `where id = '${other.id}'`;
    const planted = {
      fault: [
        `update finance.payments set status = 'COMPLETED', completed_at = now() + interval '1 second', transaction_id = (
           select id from finance.transactions where reverses_id = '${transactionId}') ${where}`,
      ],
      cure: [
        `update finance.payments set status = 'PENDING', completed_at = null, transaction_id = null ${where}`,
      ],
    };
    await expectFindings(db, planted, [
      { kind: 'PAYMENT_MISMATCH', keys: { userId, paymentId: other.id } },
    ]);
  });

  test('a reference that its payment does not have, and a payment without its own', async () => {
    const { db } = database;
    const request = { ...zar(), type: 'DONATION', amount: 50n, provider: 'test' } as const;
    const { id } = await createPayment(db, { ...request, providerReference: 'own' });
    const set = (reference: string) => [
      `update finance.payment_references set reference = '${reference}' where payment_id = '${id}'`,
    ];
    const finding = { kind: 'REFERENCE_MISMATCH', keys: { userId, paymentId: id } };
    await plant(db, ...set('foreign'));
    const { findings: found } = await auditLedger(db);
    await plant(db, ...set('own'));
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...finding, expected: 'own', actual: null }),
        expect.objectContaining({ ...finding, expected: null, actual: 'foreign' }),
      ]),
    );
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('a reward whose transaction does not fit', async () => {
    const { db } = database;
    const request = {
      userId,
      type: 'ASSESSMENT_PASS',
      tokensEarned: 5n,
      idempotencyKey: randomUUID(),
    } as const;
    const { id } = await submitMiningActivity(db, request);
    await verifyMiningActivity(db, { userId, id });
    await rewardMiningActivity(db, { userId, id });
    const tokens = (amount: number) => [
      `update finance.mining_activities set tokens_earned = ${amount} where id = '${id}'`,
    ];
    await expectFindings(db, { fault: tokens(6), cure: tokens(5) }, [
      {
        kind: 'REWARD_MISMATCH',
        keys: { ...zar(), currency: 'AZR', activityId: id },
        expected: '6',
        actual: '5',
      },
    ]);
  });

  test('a currency that lacks a wallet of the system, or whose wallet is closed', async () => {
    const where = `where user_id = '${EXTERNAL}' and currency = 'BTC'`;
    const fault = [`delete from finance.wallets ${where}`];
    const cure = [
      `insert into finance.wallets (user_id, currency, kind, credit_limit)
       values ('${EXTERNAL}', 'BTC', 'EXTERNAL', 9223372036854775807)`,
    ];
    await expectFindings(database.db, { fault, cure }, [
      { kind: 'MISSING_SYSTEM_WALLET', keys: { userId: EXTERNAL, currency: 'BTC' } },
    ]);
    const set = (change: string) => [`update finance.wallets set ${change} ${where}`];
    const closed = {
      fault: set(`status = 'CLOSED', closed_at = now()`),
      cure: set(`status = 'OPEN', closed_at = null`),
    };
    await expectFindings(database.db, closed, [
      {
        kind: 'CLOSED_SYSTEM_WALLET',
        keys: { userId: EXTERNAL, currency: 'BTC' },
        expected: 'OPEN',
        actual: 'CLOSED',
      },
    ]);
  });
});
