import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  expireHolds,
  openWallet,
  placeHold,
  postTransfers,
  rewardMiningActivity,
  submitMiningActivity,
  transfer,
  verifyMiningActivity,
} from '../../../src/queries/finance/index.ts';
import type { Db } from '../../../src/session.ts';
import { transaction } from '../../../src/transaction.ts';
import { rejection } from '../../setup/errors.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder } from './bundle.ts';

/* The privileges that docs/wallets.md gives a role of an application: enough for the functions, and no way around. */
const database = useTestDatabase();
const role = `app_${randomUUID().slice(0, 8)}`;

const grants = `
  grant usage on schema identity, education, finance, platform to ${role};
  grant select on all tables in schema identity, education, finance to ${role};
  grant insert on finance.wallets, finance.transactions, finance.entries, finance.holds,
    finance.occurrence_sums, finance.mining_activities, finance.payments, finance.payment_references to ${role};
  grant update on finance.wallets, finance.holds, finance.occurrence_sums,
    finance.mining_activities, finance.payments to ${role};`;

let alice: string;
let bob: string;

beforeAll(async () => {
  const { db } = database;
  [alice, bob] = [await createHolder(db, 100n), await createHolder(db)];
  await db.$client.query(`create role ${role}; ${grants}`);
  await db.$client.query(
    `do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`,
  );
});

afterAll(async () => {
  await database.db.$client.query(`drop owned by ${role}; drop role ${role}`);
});

function asRole<T>(work: (tx: Db) => Promise<T>): Promise<T> {
  return transaction(database.db, async (tx) => {
    await tx.execute(sql.raw(`set local role ${role}`));
    return work(tx);
  });
}

const zar = (userId: string) => ({ userId, currency: 'ZAR' });

describe('a role without ownership', () => {
  test('moves money by the functions', async () => {
    await asRole(async (tx) => {
      await openWallet(tx, { userId: alice, currency: 'USD' });
      await deposit(tx, {
        ...zar(alice),
        amount: 5n,
        idempotencyKey: 'd',
        occurredAt: new Date('2024-01-01'),
      });
      const sent = { from: zar(alice), to: zar(bob), amount: 5n };
      await transfer(tx, { ...sent, idempotencyKey: 't' });
      await postTransfers(tx, { transfers: [{ ...sent, idempotencyKey: 'b' }] });
      const hold = { ...zar(alice), amount: 5n, expiresAt: new Date('2999-01-01') };
      const { id: holdId } = await placeHold(tx, { ...hold, idempotencyKey: 'h' });
      await captureHold(tx, { userId: alice, holdId, to: { userId: bob }, idempotencyKey: 'c' });
      await expireHolds(tx);
      const proof = {
        userId: alice,
        type: 'PEER_TEACHING',
        tokensEarned: 5n,
        idempotencyKey: 'm',
      } as const;
      const { id } = await submitMiningActivity(tx, proof);
      await verifyMiningActivity(tx, { userId: alice, id });
      await rewardMiningActivity(tx, { userId: alice, id });
    });
    expect(await auditLedger(database.db)).toEqual([]);
  });

  test.each([
    ['23001', `update finance.wallets set posted = posted + 1`],
    ['42501', `create temporary table way_around (id integer)`],
    ['42501', `create function pg_temp.way_around() returns integer language sql as 'select 1'`],
    ['42501', `create function finance.way_around() returns integer language sql as 'select 1'`],
    ['42501', `alter table finance.wallets disable trigger all`],
    ['42501', `set local session_replication_role = replica`],
    ['42501', `truncate finance.entries cascade`],
    ['42501', `delete from finance.transactions`],
    ['42501', `update finance.transactions set amount = 1`],
    ['42501', `update finance.currencies set supply_limit = 1`],
  ])('finds no way around them: %s for "%s"', async (sqlState, text) => {
    const attempt = asRole((tx) => tx.execute(sql.raw(text)));
    expect(await rejection(attempt)).toMatchObject({ sqlState });
  });
});
