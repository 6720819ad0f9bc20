import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import { dropEnrollment } from '../../../../src/queries/education/enrollments/drop-enrollment.ts';
import * as ledger from '../../../../src/queries/finance/index.ts';
import { insertCourseRevision } from '../../../../src/testing/factories/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { plant } from '../audit/planting.ts';
import { refusalOf, SOUND } from '../bundle.ts';
import { alice, bob, sent, useGuideRoles, zar } from './guide-roles.ts';
import { postingSql } from './ledger-sql.ts';

const roles = useGuideRoles();

function pay(courseId: string) {
  return ledger.createPayment(roles.app, {
    userId: alice,
    type: 'ENROLLMENT',
    amount: 100n,
    currency: 'ZAR',
    provider: 'payfast',
    providerReference: randomUUID(),
    courseId,
  });
}

const refused = { name: 'PermissionError', sqlState: '42501' };

describe('a role with the grants of the guide', () => {
  test('cannot settle an enrollment before it has the grants for that', async () => {
    const { courseId } = await insertCourseRevision(roles.owner);
    const { id } = await pay(courseId);
    expect(await rejection(ledger.settlePayment(roles.app, { userId: alice, id }))).toMatchObject(
      refused,
    );
    await roles.owner.$client.query(roles.enrolling);
    const settled = await ledger.settlePayment(roles.app, { userId: alice, id });
    expect(settled).toMatchObject({ status: 'COMPLETED', courseId });
    // A learner who dropped out is updated, not inserted.
    await dropEnrollment(roles.owner, { userId: alice, courseId });
    const { id: again } = await pay(courseId);
    expect(await ledger.settlePayment(roles.app, { userId: alice, id: again })).toMatchObject({
      status: 'COMPLETED',
    });
  });

  test('leaves sealing to the role of the job that seals', async () => {
    await ledger.transfer(roles.app, sent());
    expect(await rejection(ledger.sealEntries(roles.app))).toMatchObject(refused);
    const { sealed } = await ledger.sealEntries(roles.sealer);
    expect(sealed).toBeGreaterThan(0n);
    expect(await ledger.verifySeals(roles.sealer)).toMatchObject(SOUND);
    expect(await rejection(ledger.transfer(roles.sealer, sent()))).toMatchObject(refused);
  });

  test('lets the job that seals store no seal but what follows from the entries', async () => {
    await ledger.transfer(roles.app, sent());
    const { head } = await ledger.sealEntries(roles.sealer);
    const next = (head?.number ?? 0n) + 1n;
    const forged = `insert into finance.seals (number, previous_hash, hash, range_count)
      values (${next}, sha256('x'), sha256('y'), 1)`;
    expect(
      await rejection(transaction(roles.sealer, (tx) => tx.execute(sql.raw(forged)))),
    ).toMatchObject({ sqlState: '23514', constraint: 'seals_of_ranges_check' });
    expect(
      await rejection(transaction(roles.app, (tx) => tx.execute(sql.raw(forged)))),
    ).toMatchObject(refused);
    const altered = 'update finance.seals set range_count = 2';
    expect(
      await rejection(transaction(roles.sealer, (tx) => tx.execute(sql.raw(altered)))),
    ).toMatchObject(refused);
  });

  test('writes no past, whatever it says that it imports', async () => {
    const wallets = await ledger.getWallet(roles.app, zar(alice));
    const [id, at] = [randomUUID(), new Date(Date.now() - 480_000).toISOString()];
    const posting = await postingSql(roles.app, { userId: alice, id, recordedAt: at }, [
      { owner: alice, amount: -5 },
      { owner: bob, amount: 5 },
    ]);
    // Wallets that have not moved since then, so that only the clock stands against it.
    await plant(roles.owner, `update finance.wallets set posted_at = '2020-01-01'`);
    const text = `set local azora.import_history = 'on'; ${posting}`;
    expect(await refusalOf(roles.app, text)).toMatchObject({
      code: '23514',
      constraint: 'entries_recorded_by_clock_check',
    });
    expect(await ledger.getWallet(roles.app, zar(alice))).toEqual(wallets);
    await roles.owner.$client.query(text);
    const before = { ...zar(alice), recordedAt: new Date(Date.parse(at) - 1) };
    expect(await ledger.getBalanceAt(roles.owner, before)).toBeDefined();
  });

  test.each([
    ['23001', `update finance.wallets set posted = posted + 1`],
    ['42501', `create temporary table way_around (id integer)`],
    ['42501', `create function pg_temp.way_around() returns integer language sql as 'select 1'`],
    ['42501', `create function finance.way_around() returns integer language sql as 'select 1'`],
    ['42501', `create table public.way_around (id integer)`],
    ['42501', `create schema way_around`],
    ['42501', `alter table finance.wallets disable trigger all`],
    ['42501', `set local session_replication_role = replica`],
    ['42501', `set local role pg_write_all_data`],
    ['42501', `truncate finance.entries cascade`],
    ['42501', `delete from finance.transactions`],
    ['42501', `update finance.transactions set amount = 1`],
    ['42501', `update finance.currencies set supply_limit = 1`],
    ['42501', `update education.courses set status = 'PUBLISHED'`],
    ['42501', `select email from identity.users`],
    ['42501', `delete from azora_db.migrations`],
  ])('finds no way around them: %s for "%s"', async (sqlState, text) => {
    const attempt = transaction(roles.app, (tx) => tx.execute(sql.raw(text)));
    expect(await rejection(attempt)).toMatchObject({ sqlState });
  });
});
