import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import type { Db } from '../../../../src/db/session.ts';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  ConnectionLostError,
  RetriesExhaustedError,
  RetryableError,
} from '../../../../src/errors.ts';
import { getWallet, transfer } from '../../../../src/queries/finance/index.ts';
import { countDeadlocks, watchingForDeadlocks } from '../../../setup/deadlocks.ts';
import { startHangingUp } from '../../../setup/hang-up.ts';
import { startKilling } from '../../../setup/kill-connections.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder } from '../bundle.ts';
import { createStormUsers, expectPostedOnce, isWeather, sendAll } from './storm.ts';
import { createRequests } from './storm-requests.ts';

const database = useTestDatabase();
const CALLERS = 32;

test('a storm of 32 connections, with killed ones, clients that hang up and timeouts, loses nothing and posts nothing twice', async () => {
  const { db, url } = database;
  const users = await createStormUsers(db, 6);
  const applicationName = 'storm';
  const stormy = await connect({
    url: watchingForDeadlocks(url),
    max: CALLERS,
    applicationName,
    statementTimeoutMs: 250,
    connectTimeoutMs: 30_000,
  });
  const requests = createRequests(users, 1_000, 7);
  const killer = await startKilling({ url, applicationName, most: 300, everyMs: 10 });
  const leaver = startHangingUp(stormy, { most: 300, everyMs: 10 });
  const ended: number[] = [];
  const { answers, retries } = await sendAll(() => stormy, requests, CALLERS).finally(async () => {
    ended.push(await killer.stop(), await leaver.stop());
  });

  for (const count of ended) expect(count).toBeGreaterThan(20);
  expect(retries).toBeGreaterThan(20);
  await expectPostedOnce(db, requests);
  // Asked again in calm weather, every request gets the answer it had.
  const again = await sendAll(() => stormy, requests, CALLERS);
  for (const request of requests) expect(again.answers.get(request)).toBe(answers.get(request));
  await expectPostedOnce(db, requests);
  const systems = ['EXTERNAL', 'LIQUIDITY', 'FEES'] as const;
  const wallets = await Promise.all([
    ...users.map((userId) => getWallet(db, { userId, currency: 'ZAR' })),
    ...systems.map((system) => getWallet(db, { system, currency: 'ZAR' })),
  ]);
  expect(wallets.reduce((sum, { posted }) => sum + posted, 0n)).toBe(0n);
  await stormy.close();
  // Conflicts are weather; a deadlock would be a fault, also one that a retry hid.
  expect(await countDeadlocks(db, applicationName)).toBe(0);
}, 240_000);

describe('isWeather', () => {
  const retryable = (code: string) => new RetryableError(code, '', { sqlState: '40001' });

  test('takes lost connections and lost conflicts for weather', () => {
    expect(isWeather(new ConnectionLostError('it rained'))).toBe(true);
    expect(isWeather(retryable('SERIALIZATION_FAILURE'))).toBe(true);
    expect(isWeather(new RetriesExhaustedError(3, retryable('SERIALIZATION_FAILURE')))).toBe(true);
  });

  test('takes no deadlock for weather, nor any other error', () => {
    expect(isWeather(retryable('DEADLOCK'))).toBe(false);
    expect(isWeather(new RetriesExhaustedError(3, retryable('DEADLOCK')))).toBe(false);
    expect(isWeather(new TypeError('ours'))).toBe(false);
  });
});

test('a deadlock that a retry hid is counted all the same', async () => {
  const { db, url } = database;
  const applicationName = 'clumsy';
  const clumsy = await connect({ url: watchingForDeadlocks(url), max: 2, applicationName });
  const before = await countDeadlocks(db, 'nobody');
  const users = await Promise.all(Array.from({ length: 6 }, () => createHolder(db, 10n)));
  const [a = '', b = '', ...payees] = users;
  let turn = 0;
  let arrived = 0;
  let open = () => {};
  const met = new Promise<void>((resolve) => {
    open = resolve;
  });
  const pay = (tx: Db, from: string) =>
    transfer(tx, {
      from: { userId: from, currency: 'ZAR' },
      to: { userId: payees[turn++ % payees.length] ?? '', currency: 'ZAR' },
      amount: 1n,
      idempotencyKey: randomUUID(),
    });
  // Each holds the wallet of its first posting when it comes to that of its second.
  const payTwice = (first: string, second: string) =>
    transaction(clumsy, async (tx) => {
      await pay(tx, first);
      arrived += 1;
      if (arrived === 2) open();
      await met;
      await pay(tx, second);
    });
  await Promise.all([payTwice(a, b), payTwice(b, a)]);
  await clumsy.close();
  expect(await countDeadlocks(db, applicationName)).toBeGreaterThan(before);
});
