import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  auditLedger,
  deposit,
  exchange,
  getWallet,
  openWallet,
  postTransfers,
  RejectedError,
  reverseTransaction,
  transfer,
  withdraw,
} from '../../../../src/queries/finance/index.ts';
import { countDeadlocks, watchingForDeadlocks } from '../../../setup/deadlocks.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { plant } from '../audit/planting.ts';
import { createHolder, createUser, refusalOf, SOUND } from '../bundle.ts';
import { EXTERNAL, postingSql } from '../transfers/ledger-sql.ts';

/* What may exist of a currency with a supply limit, whoever issues it: here 100. */
const database = useTestDatabase({ max: 20 });
let currency: string;
let serial = 0;
let userId: string;

beforeEach(async () => {
  const { db } = database;
  serial += 1;
  currency = `LIM${String.fromCharCode(64 + serial)}`;
  await db.$client.query(
    `insert into finance.currencies (code, name, scale, supply_limit) values ($1, 'Limited', 2, 100)`,
    [currency],
  );
  userId = await createUser(db);
  await openWallet(db, { userId, currency });
});

const fresh = () => ({ idempotencyKey: randomUUID() });
const own = () => ({ userId, currency });
const system = (name: 'MINT' | 'EXTERNAL' | 'LIQUIDITY' | 'FEES') => ({ system: name, currency });
const bring = (amount: bigint) => deposit(database.db, { ...own(), amount, ...fresh() });
const mint = (amount: bigint) =>
  transfer(database.db, { from: system('MINT'), to: own(), amount, ...fresh() });
const take = (amount: bigint) => withdraw(database.db, { ...own(), amount, ...fresh() });
const shortOf = (name: 'MINT' | 'EXTERNAL', available: bigint) => ({
  code: 'INSUFFICIENT_FUNDS',
  wallet: system(name),
  available,
});

describe('a limited supply', () => {
  test('of AZR cannot be brought in from outside', async () => {
    const { db } = database;
    const holder = await createHolder(db, 0n, 'AZR');
    const request = { userId: holder, currency: 'AZR', ...fresh() };
    expect(
      await rejection(deposit(db, { ...request, amount: 8_000_000_000_000_000_000n })),
    ).toMatchObject({ code: 'INSUFFICIENT_FUNDS', available: 2_100_000_000_000_000n });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('is shared by MINT and EXTERNAL, and what leaves makes room', async () => {
    await bring(60n);
    expect(await rejection(mint(41n))).toMatchObject(shortOf('MINT', 40n));
    await mint(40n);
    expect(await rejection(bring(1n))).toMatchObject(shortOf('EXTERNAL', 0n));
    await take(10n);
    expect(await rejection(bring(11n))).toMatchObject(shortOf('EXTERNAL', 10n));
    await mint(10n);
    expect(await rejection(mint(1n))).toMatchObject(shortOf('MINT', 0n));
    await take(100n);
    // What went out comes back, though MINT has issued what it may.
    expect((await getWallet(database.db, system('EXTERNAL'))).posted).toBe(50n);
    await bring(100n);
    expect(await rejection(bring(1n))).toMatchObject(shortOf('EXTERNAL', 0n));
    expect(await auditLedger(database.db)).toEqual(SOUND);
  });

  test('holds for settlements, exchanges and reversals as well', async () => {
    const { db } = database;
    const fees = { from: system('EXTERNAL'), to: system('FEES'), type: 'PAYMENT' } as const;
    await transfer(db, { ...fees, amount: 30n, ...fresh() });
    await mint(50n);
    const withdrawn = await take(50n);
    await mint(20n);
    await bring(50n);
    const undo = { userId, transactionId: withdrawn.id };
    expect(await rejection(reverseTransaction(db, { ...undo, ...fresh() }))).toMatchObject(
      shortOf('EXTERNAL', 0n),
    );
    expect(await rejection(transfer(db, { ...fees, amount: 1n, ...fresh() }))).toMatchObject(
      shortOf('EXTERNAL', 0n),
    );
    await openWallet(db, { userId, currency: 'ZAR' });
    await deposit(db, { userId, currency: 'ZAR', amount: 9n, ...fresh() });
    const rate = { numerator: 1n, denominator: 1n };
    expect(
      await rejection(
        exchange(db, { userId, from: 'ZAR', to: currency, amount: 9n, rate, ...fresh() }),
      ),
    ).toMatchObject({ code: 'INSUFFICIENT_FUNDS', wallet: system('LIQUIDITY') });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('is counted through a batch as if one by one', async () => {
    const { db } = database;
    const move = (from: object, to: object, amount: bigint) =>
      ({ from, to, amount, ...fresh() }) as Parameters<typeof transfer>[1];
    await openWallet(db, { userId, currency: 'ZAR' });
    const results = await postTransfers(db, {
      transfers: [
        move(system('EXTERNAL'), own(), 70n),
        move(system('MINT'), own(), 31n),
        move(system('MINT'), own(), 30n),
        move(system('EXTERNAL'), own(), 1n),
        move(own(), system('EXTERNAL'), 5n),
        move(system('MINT'), own(), 6n),
        move(system('MINT'), own(), 5n),
        move({ system: 'EXTERNAL', currency: 'ZAR' }, { userId, currency: 'ZAR' }, 7n),
      ],
    });
    expect(results.map(({ status }) => status === 'completed')).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('holds against plain SQL, and in a transaction whose snapshot is older', async () => {
    const { db } = database;
    await mint(90n);
    const bySql = () =>
      postingSql(db, { userId, type: 'DEPOSIT', currency, amount: 11 }, [
        { owner: EXTERNAL, amount: -11, currency },
        { owner: userId, amount: 11, currency },
      ]);
    const { code, constraint } = await refusalOf(db, await bySql());
    expect({ code, constraint }).toEqual({ code: '23514', constraint: 'wallets_available_check' });
    const late = transaction(
      db,
      async (tx) => {
        await getWallet(tx, own());
        await mint(10n);
        await deposit(tx, { ...own(), amount: 10n, ...fresh() });
      },
      { isolation: 'repeatable read', maxAttempts: 1 },
    );
    expect(await rejection(late)).toMatchObject({ code: 'RETRIES_EXHAUSTED' });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('is never exceeded by many who issue at once', async () => {
    const { db } = database;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => (i % 2 ? mint(5n) : bring(5n))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect((await getWallet(db, own())).posted).toBe(100n);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('makes no deadlock of those who issue and those who give back', async () => {
    const { db } = database;
    const applicationName = `supply ${randomUUID().slice(0, 8)}`;
    const busy = await connect({
      url: watchingForDeadlocks(database.url),
      max: 10,
      applicationName,
    });
    const [to, minting, outside] = [own(), system('MINT'), system('EXTERNAL')];
    const one = (from: object, into: object) =>
      ({ from, to: into, amount: 1n, ...fresh() }) as Parameters<typeof transfer>[1];
    const programs = [
      () => transfer(busy, one(minting, to)),
      () => transfer(busy, one(outside, to)),
      () => transfer(busy, one(to, outside)),
      () => transfer(busy, one(to, minting)),
      () =>
        postTransfers(busy, { transfers: [one(outside, to), one(minting, to), one(to, outside)] }),
      async () => {
        const { id: transactionId } = await transfer(busy, one(to, outside));
        return reverseTransaction(busy, { userId, transactionId, ...fresh() });
      },
    ];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 240 }, (_, i) => programs[i % programs.length]?.()),
    );
    await busy.close();
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' && !(outcome.reason instanceof RejectedError)
        ? [outcome.reason]
        : [],
    );
    expect(failures).toEqual([]);
    expect(await countDeadlocks(db, applicationName)).toBe(0);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('can be lowered to what exists, and set where there was none', async () => {
    const { db } = database;
    const limit = (amount: number | null) =>
      `update finance.currencies set supply_limit = ${amount} where code = '${currency}'`;
    await bring(30n);
    await mint(20n);
    expect((await refusalOf(db, limit(49))).constraint).toBe('wallets_available_check');
    await db.$client.query(limit(55));
    expect(await rejection(bring(6n))).toMatchObject(shortOf('EXTERNAL', 5n));
    expect(await rejection(mint(6n))).toMatchObject(shortOf('MINT', 5n));
    const free = `F${currency}`;
    await db.$client.query(
      `insert into finance.currencies (code, name, scale) values ('${free}', 'Free', 2)`,
    );
    const holder = await createHolder(db, 30n, free);
    const limitFree = (amount: number) =>
      `update finance.currencies set supply_limit = ${amount} where code = '${free}'`;
    expect((await refusalOf(db, limitFree(29))).constraint).toBe('wallets_available_check');
    await db.$client.query(limitFree(31));
    const more = { userId: holder, currency: free, amount: 2n, ...fresh() };
    expect(await rejection(deposit(db, more))).toMatchObject({ available: 1n });
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('that was exceeded shows in the audit, whoever issued it', async () => {
    const { db } = database;
    const credit = (kind: string, amount: number) =>
      `update finance.wallets set credit_limit = ${amount} where kind = '${kind}' and currency = '${currency}'`;
    await mint(100n);
    for (const kind of ['LIQUIDITY', 'FEES'] as const) {
      await plant(db, credit(kind, 5));
      await transfer(db, { from: system(kind), to: own(), amount: 5n, ...fresh() });
      const { findings } = await auditLedger(db);
      await transfer(db, { from: own(), to: system(kind), amount: 5n, ...fresh() });
      await plant(db, credit(kind, 0));
      expect(findings).toMatchObject([
        { kind: 'SUPPLY_EXCEEDED', keys: { currency }, expected: '100', actual: '105' },
      ]);
    }
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});
