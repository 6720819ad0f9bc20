import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../src/connect.ts';
import { dropEnrollment } from '../../../src/queries/education/drop-enrollment.ts';
import * as ledger from '../../../src/queries/finance/index.ts';
import type { Database, Db } from '../../../src/session.ts';
import { insertCourseRevision, insertUser } from '../../../src/testing/factories/index.ts';
import { transaction } from '../../../src/transaction.ts';
import { rejection } from '../../setup/errors.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { waitFor } from '../../setup/wait-for.ts';

/* The roles that docs/wallets.md makes, with its own grants: enough for the functions, and no way around. */
const database = useTestDatabase();
const suffix = randomUUID().slice(0, 8);
const [alice, bob] = [randomUUID(), randomUUID()];
const roles = { app: `app_${suffix}`, sealer: `sealer_${suffix}` };

let grants: { app: string; enrolling: string; sealer: string };
let app: Database;
let sealer: Database;

beforeAll(async () => {
  grants = await readGrants();
  // Logged in and not by `set role`: a session of the owner could leave the role, and connect() itself reads a table.
  app = await logIn(roles.app, grants.app);
  sealer = await logIn(roles.sealer, grants.sealer);
  for (const id of [alice, bob]) {
    await insertUser(database.db, { id });
    await ledger.openWallet(app, zar(id));
  }
  await ledger.openWallet(app, { userId: alice, currency: 'USD' });
  await ledger.deposit(app, { ...zar(alice), amount: 10_000n, ...fresh() });
});

afterAll(async () => {
  await Promise.all([app?.close(), sealer?.close()]);
  for (const role of Object.values(roles)) {
    await database.db.$client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

/** The blocks of SQL in the guide, for this database and the roles of this run. */
async function readGrants() {
  const guide = await readFile(new URL('../../../docs/wallets.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, block = '']) =>
    block
      .replaceAll('database azora ', `database ${new URL(database.url).pathname.slice(1)} `)
      .replaceAll('azora_app', roles.app)
      .replaceAll('azora_sealer', roles.sealer),
  );
  const [forApp = '', enrolling = '', forSealer = '', ...others] = blocks;
  if (others.length > 0) throw new Error('the guide has more SQL than this test knows of');
  return { app: forApp, enrolling, sealer: forSealer };
}

async function logIn(role: string, granted: string): Promise<Database> {
  const password = randomUUID();
  await database.db.$client.query(`create role ${role} login password '${password}'; ${granted}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, password];
  return connect({ url: url.href });
}

const zar = (userId: string) => ({ userId, currency: 'ZAR' });
const fresh = () => ({ idempotencyKey: randomUUID() });
const sent = () => ({ from: zar(alice), to: zar(bob), amount: 5n, ...fresh() });
const send = () => ledger.transfer(app, sent());

function hold(expiresAt = new Date('2999-01-01')) {
  return ledger.placeHold(app, { ...zar(alice), amount: 5n, expiresAt, ...fresh() });
}

function submit() {
  const proof = { userId: alice, type: 'PEER_TEACHING', tokensEarned: 5n, ...fresh() } as const;
  return ledger.submitMiningActivity(app, proof);
}

async function verify() {
  return ledger.verifyMiningActivity(app, { userId: alice, id: (await submit()).id });
}

function pay(courseId?: string) {
  return ledger.createPayment(app, {
    userId: alice,
    type: courseId === undefined ? 'DONATION' : 'ENROLLMENT',
    amount: 100n,
    currency: 'ZAR',
    provider: 'payfast',
    providerReference: randomUUID(),
    courseId,
  });
}

async function settle() {
  return ledger.settlePayment(app, { userId: alice, id: (await pay()).id });
}

async function exchange() {
  await ledger.transfer(app, {
    from: { system: 'EXTERNAL', currency: 'USD' },
    to: { system: 'LIQUIDITY', currency: 'USD' },
    amount: 5n,
    ...fresh(),
  });
  const rate = { numerator: 1n, denominator: 18n };
  const request = { userId: alice, from: 'ZAR', to: 'USD', amount: 100n, rate, ...fresh() };
  return ledger.exchange(app, request);
}

async function combine() {
  const combiner = ledger.createTransferCombiner(app);
  const combined = await Promise.all([combiner.transfer(sent()), combiner.transfer(sent())]);
  await combiner.close();
  return combined;
}

async function close() {
  const { id } = await insertUser(database.db);
  await ledger.openWallet(app, zar(id));
  return ledger.closeWallet(app, zar(id));
}

async function expire() {
  let expired = 0;
  await hold(new Date(Date.now() + 1_000));
  await waitFor('the hold is due', async () => {
    expired = await ledger.expireHolds(app);
    return expired > 0;
  });
  return expired;
}

async function verifySeals() {
  const { head } = await ledger.sealEntries(sealer);
  return ledger.verifySeals(app, { head: head ?? undefined });
}

type LedgerFunction = {
  [Name in keyof typeof ledger]: (typeof ledger)[Name] extends (
    db: infer First,
    ...rest: never[]
  ) => unknown
    ? Db extends First
      ? Name
      : never
    : never;
}[keyof typeof ledger];

/** A call of every function and what it returns; one that is missing here does not compile. */
const calls: Record<
  Exclude<LedgerFunction, 'sealEntries'>,
  [call: () => Promise<unknown>, returned: unknown]
> = {
  auditLedger: [() => ledger.auditLedger(app), []],
  captureHold: [
    async () =>
      ledger.captureHold(app, {
        userId: alice,
        holdId: (await hold()).id,
        to: { userId: bob },
        ...fresh(),
      }),
    { type: 'CAPTURE' },
  ],
  closeWallet: [close, { status: 'CLOSED' }],
  createPayment: [() => pay(), { status: 'PENDING' }],
  createTransferCombiner: [combine, [{ type: 'TRANSFER' }, { type: 'TRANSFER' }]],
  // Backdated, because only that writes to the sums by occurred time.
  deposit: [
    () =>
      ledger.deposit(app, {
        ...zar(alice),
        amount: 5n,
        occurredAt: new Date('2024-01-01'),
        ...fresh(),
      }),
    { type: 'DEPOSIT' },
  ],
  exchange: [exchange, { type: 'EXCHANGE', received: 5n }],
  expireHolds: [expire, 1],
  failPayment: [
    async () =>
      ledger.failPayment(app, { userId: alice, id: (await pay()).id, reason: 'declined' }),
    { status: 'FAILED' },
  ],
  getBalanceAt: [
    () => ledger.getBalanceAt(app, { ...zar(alice), occurredAt: new Date('2023-01-01') }),
    0n,
  ],
  getTransaction: [
    async () => {
      const { userId, id } = await send();
      return ledger.getTransaction(app, { userId, id });
    },
    { type: 'TRANSFER', entries: [{}, {}] },
  ],
  getWallet: [() => ledger.getWallet(app, zar(alice)), { userId: alice }],
  listStatement: [
    () => ledger.listStatement(app, { ...zar(alice), limit: 1 }),
    { items: [{ transaction: { userId: alice } }] },
  ],
  listWallets: [
    () => ledger.listWallets(app, { userId: alice, limit: 1 }),
    { items: [{ userId: alice }] },
  ],
  openWallet: [
    () => ledger.openWallet(app, { userId: bob, currency: 'USD' }),
    { userId: bob, currency: 'USD' },
  ],
  placeHold: [() => hold(), { type: 'HOLD' }],
  postTransfers: [
    () => ledger.postTransfers(app, { transfers: [sent()] }),
    [{ status: 'completed' }],
  ],
  refundPayment: [
    async () => ledger.refundPayment(app, { userId: alice, id: (await settle()).id }),
    { status: 'REFUNDED' },
  ],
  rejectMiningActivity: [
    async () => {
      const { id } = await submit();
      return ledger.rejectMiningActivity(app, { userId: alice, id, reason: 'copied' });
    },
    { status: 'REJECTED' },
  ],
  releaseHold: [
    async () => ledger.releaseHold(app, { userId: alice, holdId: (await hold()).id, ...fresh() }),
    { type: 'RELEASE' },
  ],
  reverseTransaction: [
    async () => {
      const { id: transactionId } = await send();
      return ledger.reverseTransaction(app, { userId: alice, transactionId, ...fresh() });
    },
    { type: 'REVERSAL' },
  ],
  rewardMiningActivity: [
    async () => ledger.rewardMiningActivity(app, { userId: alice, id: (await verify()).id }),
    { status: 'REWARDED' },
  ],
  settlePayment: [settle, { status: 'COMPLETED' }],
  submitMiningActivity: [submit, { status: 'PENDING' }],
  transfer: [send, { type: 'TRANSFER' }],
  verifyMiningActivity: [verify, { status: 'VERIFIED' }],
  verifySeals: [verifySeals, { isIntact: true }],
  withdraw: [
    () => ledger.withdraw(app, { ...zar(alice), amount: 5n, ...fresh() }),
    { type: 'WITHDRAWAL' },
  ],
};

const refused = { name: 'PermissionError', sqlState: '42501' };

describe('a role with the grants of the guide', () => {
  test.each(Object.entries(calls))('can call %s', async (_name, [call, returned]) => {
    expect({ result: await call() }).toMatchObject({ result: returned });
    expect(await ledger.auditLedger(database.db)).toEqual([]);
  });

  test('cannot settle an enrollment before it has the grants for that', async () => {
    const { courseId } = await insertCourseRevision(database.db);
    const { id } = await pay(courseId);
    expect(await rejection(ledger.settlePayment(app, { userId: alice, id }))).toMatchObject(
      refused,
    );
    await database.db.$client.query(grants.enrolling);
    const settled = await ledger.settlePayment(app, { userId: alice, id });
    expect(settled).toMatchObject({ status: 'COMPLETED', courseId });
    // A learner who dropped out is updated, not inserted.
    await dropEnrollment(database.db, { userId: alice, courseId });
    const { id: again } = await pay(courseId);
    expect(await ledger.settlePayment(app, { userId: alice, id: again })).toMatchObject({
      status: 'COMPLETED',
    });
  });

  test('leaves sealing to the role of the job that seals', async () => {
    await send();
    expect(await rejection(ledger.sealEntries(app))).toMatchObject(refused);
    const { sealed } = await ledger.sealEntries(sealer);
    expect(sealed).toBeGreaterThan(0n);
    expect(await ledger.verifySeals(sealer)).toMatchObject({ isIntact: true });
    expect(await rejection(ledger.transfer(sealer, sent()))).toMatchObject(refused);
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
    ['42501', `delete from drizzle.__drizzle_migrations`],
  ])('finds no way around them: %s for "%s"', async (sqlState, text) => {
    const attempt = transaction(app, (tx) => tx.execute(sql.raw(text)));
    expect(await rejection(attempt)).toMatchObject({ sqlState });
  });
});
