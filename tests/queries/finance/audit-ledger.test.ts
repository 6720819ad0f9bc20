import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { auditLedger, deposit, placeHold, transfer } from '../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder } from './bundle.ts';

const database = useTestDatabase();
const EXTERNAL = '00000000-0000-0000-0000-000000000002';
const MINT = '00000000-0000-0000-0000-000000000001';
const zar = (userId: string) => ({ userId, currency: 'ZAR' });

/** Writes behind the triggers' back. */
async function plant(...statements: string[]): Promise<void> {
  const client = await database.db.$client.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    for (const text of statements) await client.query(text);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

let heal: string[] = [];

// Each test leaves a sound ledger to the next.
afterEach(async () => {
  await plant(...heal);
  heal = [];
  expect(await auditLedger(database.db)).toEqual([]);
});

/** A wallet with five entries. */
async function createHistory(): Promise<{ userId: string; transactionId: string }> {
  const { db } = database;
  const [userId, other] = await Promise.all([createHolder(db, 100n), createHolder(db)]);
  let transactionId = '';
  for (let i = 1; i <= 4; i += 1) {
    const posted = await transfer(db, {
      from: zar(userId),
      to: zar(other),
      amount: BigInt(i),
      idempotencyKey: `t${i}`,
    });
    transactionId = posted.id;
  }
  return { userId, transactionId };
}

async function kinds() {
  const findings = await auditLedger(database.db);
  return findings.map(({ kind }) => kind);
}

describe('auditLedger', () => {
  test('finds a balance that its entries do not explain', async () => {
    const { userId } = await createHistory();
    const where = `where user_id = '${userId}'`;
    await plant(`update finance.wallets set posted = posted + 1 ${where}`);
    heal = [`update finance.wallets set posted = posted - 1 ${where}`];
    expect(await auditLedger(database.db)).toEqual([
      {
        kind: 'BALANCE_MISMATCH',
        wallet: zar(userId),
        version: 5n,
        transaction: null,
        expected: '90',
        actual: '91',
      },
    ]);
  });

  test('finds a wrong version', async () => {
    const { userId } = await createHistory();
    const where = `where user_id = '${userId}'`;
    await plant(`update finance.wallets set version = 9 ${where}`);
    heal = [`update finance.wallets set version = 5 ${where}`];
    const findings = await auditLedger(database.db);
    expect(findings).toMatchObject([
      { kind: 'VERSION_MISMATCH', wallet: zar(userId), expected: '5', actual: '9' },
    ]);
  });

  test('finds what is held without a hold, and a hold without a transaction', async () => {
    const { userId } = await createHistory();
    const where = `where user_id = '${userId}'`;
    await plant(`update finance.wallets set held = 7 ${where}`);
    heal = [`update finance.wallets set held = 0 ${where}`];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'HELD_MISMATCH', wallet: zar(userId), expected: '0', actual: '7' },
    ]);
    await plant(...heal);

    const { id } = await placeHold(database.db, {
      ...zar(userId),
      amount: 5n,
      idempotencyKey: 'h',
      expiresAt: new Date('2999-01-01'),
    });
    const orphan = randomUUID();
    await plant(`update finance.holds set id = '${orphan}' where id = '${id}'`);
    heal = [`update finance.holds set id = '${id}' where id = '${orphan}'`];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'ORPHAN_HOLD', transaction: { userId, id: orphan }, actual: 'PENDING' },
    ]);
  });

  test('finds a transaction that does not balance', async () => {
    const { userId, transactionId } = await createHistory();
    const [wallet, entry] = [`user_id = '${userId}'`, `version = 6`];
    await plant(
      `insert into finance.entries (user_id, currency, version, transaction_user_id, transaction_id,
         amount, posted_after, recorded_at)
       values ('${userId}', 'ZAR', 6, '${userId}', '${transactionId}', 3, 93,
         (select recorded_at from finance.transactions where id = '${transactionId}'))`,
      `update finance.wallets set posted = 93, version = 6 where ${wallet}`,
    );
    heal = [
      `delete from finance.entries where ${wallet} and ${entry}`,
      `update finance.wallets set posted = 90, version = 5 where ${wallet}`,
    ];
    expect(await auditLedger(database.db)).toMatchObject([
      {
        kind: 'UNBALANCED_TRANSACTION',
        transaction: { userId, id: transactionId },
        expected: '0',
        actual: '3',
      },
    ]);
  });

  test('finds a transaction without entries, and entries of a failed one', async () => {
    const { userId, transactionId } = await createHistory();
    const id = randomUUID();
    await plant(
      `insert into finance.transactions (user_id, id, type, status, currency, amount,
         idempotency_key, request_hash, occurred_at, recorded_at)
       values ('${userId}', '${id}', 'TRANSFER', 'COMPLETED', 'ZAR', 1, 'bare', sha256('x'), now(), now())`,
    );
    heal = [`delete from finance.transactions where id = '${id}'`];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'MISSING_ENTRIES', transaction: { userId, id } },
    ]);
    await plant(
      ...heal,
      `update finance.transactions set status = 'CANCELLED' where id = '${transactionId}'`,
    );
    heal = [`update finance.transactions set status = 'COMPLETED' where id = '${transactionId}'`];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'UNEXPECTED_ENTRIES', transaction: { userId, id: transactionId } },
    ]);
  });

  test('finds a gap, an altered running balance, and times out of order', async () => {
    const { userId } = await createHistory();
    const last = `where user_id = '${userId}' and version`;
    await plant(
      `update finance.entries set version = 8 ${last} = 5`,
      `update finance.wallets set version = 8 where user_id = '${userId}'`,
    );
    heal = [
      `update finance.entries set version = 5 ${last} = 8`,
      `update finance.wallets set version = 5 where user_id = '${userId}'`,
    ];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'VERSION_GAP', wallet: zar(userId), version: 8n, expected: '5', actual: '8' },
    ]);
    await plant(...heal, `update finance.entries set posted_after = posted_after + 1 ${last} = 3`);
    heal = [`update finance.entries set posted_after = posted_after - 1 ${last} = 3`];
    expect(await auditLedger(database.db)).toMatchObject([
      { kind: 'RUNNING_BALANCE_MISMATCH', version: 3n, expected: '97', actual: '98' },
      { kind: 'RUNNING_BALANCE_MISMATCH', version: 4n },
    ]);
    await plant(
      ...heal,
      `update finance.entries set recorded_at = recorded_at - interval '1 day',
         occurred_at = recorded_at ${last} = 3`,
    );
    heal = [
      `update finance.entries set recorded_at = recorded_at + interval '1 day', occurred_at = null ${last} = 3`,
    ];
    expect(await kinds()).toContain('TIME_DISORDER');
  });

  test('finds a wallet that owes more than it may', async () => {
    const { userId } = await createHistory();
    const where = `where user_id = '${EXTERNAL}' and currency = 'ZAR'`;
    await plant(
      'alter table finance.wallets drop constraint wallets_available_check',
      `update finance.wallets set credit_limit = 1 ${where}`,
    );
    heal = [
      `update finance.wallets set credit_limit = 9223372036854775807 ${where}`,
      'alter table finance.wallets add constraint wallets_available_check check (posted - held >= -credit_limit)',
    ];
    expect(await auditLedger(database.db)).toMatchObject([
      {
        kind: 'NEGATIVE_AVAILABLE',
        wallet: { system: 'EXTERNAL', currency: 'ZAR' },
        expected: '-1',
      },
    ]);
    expect(userId).toBeTruthy();
  });

  test('finds more money minted than the supply', async () => {
    const { db } = database;
    const alice = await createHolder(db, 0n, 'AZR');
    const limit = `update finance.wallets set credit_limit = `;
    const where = `where user_id = '${MINT}' and currency = 'AZR'`;
    await plant(`${limit} 9223372036854775807 ${where}`);
    await transfer(db, {
      from: { system: 'MINT', currency: 'AZR' },
      to: { userId: alice, currency: 'AZR' },
      amount: 2_100_000_000_000_001n,
      idempotencyKey: 'mint',
    });
    expect(await auditLedger(db)).toMatchObject([
      {
        kind: 'SUPPLY_EXCEEDED',
        wallet: { system: 'MINT', currency: 'AZR' },
        expected: '2100000000000000',
        actual: '2100000000000001',
      },
    ]);
    await transfer(db, {
      from: { userId: alice, currency: 'AZR' },
      to: { system: 'MINT', currency: 'AZR' },
      amount: 1n,
      idempotencyKey: 'burn',
    });
    heal = [`${limit} 2100000000000000 ${where}`];
  });

  test('finds entries without a wallet', async () => {
    const { userId } = await createHistory();
    const other = randomUUID();
    await plant(`update finance.wallets set user_id = '${other}' where user_id = '${userId}'`);
    heal = [`update finance.wallets set user_id = '${userId}' where user_id = '${other}'`];
    expect(await kinds()).toContain('ORPHAN_ENTRY');
  });

  test('finds sums by occurred time that the entries do not explain', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    await deposit(db, {
      ...zar(alice),
      amount: 5n,
      idempotencyKey: 'd',
      occurredAt: new Date('2024-01-01'),
    });
    const row = `where user_id = '${alice}' and level = 3 and amount > 0`;
    await plant(`update finance.occurrence_sums set amount = amount + 1 ${row}`);
    heal = [`update finance.occurrence_sums set amount = amount - 1 ${row}`];
    expect(await auditLedger(db)).toMatchObject([
      { kind: 'OCCURRENCE_MISMATCH', wallet: zar(alice), expected: '5', actual: '6' },
    ]);
    await plant(
      ...heal,
      `update finance.transactions set occurred_at = '2024-01-02' where user_id = '${alice}' and idempotency_key = 'd'`,
    );
    heal = [
      `update finance.transactions set occurred_at = '2024-01-01Z' where user_id = '${alice}' and idempotency_key = 'd'`,
    ];
    expect(await kinds()).toEqual(['OCCURRENCE_MISMATCH', 'OCCURRENCE_MISMATCH']);
  });
});
