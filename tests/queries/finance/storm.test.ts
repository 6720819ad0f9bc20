import { expect, test } from 'vitest';
import { connect } from '../../../src/connect.ts';
import { auditLedger, getWallet } from '../../../src/queries/finance/index.ts';
import { startKilling } from '../../setup/kill-connections.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { createHolder } from './bundle.ts';
import { countByKey, createRequests, sendAll } from './storm.ts';

const database = useTestDatabase();
const CALLERS = 32;

test('a storm of 32 connections with killed connections and timeouts loses nothing and posts nothing twice', async () => {
  const { db } = database;
  const users = await Promise.all(Array.from({ length: 6 }, () => createHolder(db, 300n)));
  const stormy = await connect({
    url: database.url,
    max: CALLERS,
    applicationName: 'storm',
    statementTimeoutMs: 250,
    connectTimeoutMs: 30_000,
  });
  const requests = createRequests(users, 2_000, 7);
  const killer = await startKilling({
    url: database.url,
    applicationName: 'storm',
    most: 500,
    everyMs: 10,
  });
  let killed = 0;
  const { answers, retries } = await sendAll(() => stormy, requests, CALLERS).finally(async () => {
    killed = await killer.stop();
  });

  expect(killed).toBeGreaterThan(20);
  expect(retries).toBeGreaterThan(20);
  expect(await auditLedger(db)).toEqual([]);
  const counts = await countByKey(db, requests);
  // A request whose first step was refused never sends its second.
  const sent = [...counts].filter(([key, count]) => !(key.endsWith(' end') && count === 0));
  expect(sent.filter(([, count]) => count !== 1)).toEqual([]);
  // Asked again in calm weather, every request gets the answer it had.
  const again = await sendAll(() => stormy, requests, CALLERS);
  for (const request of requests) expect(again.answers.get(request)).toBe(answers.get(request));
  const wallets = await Promise.all(
    users.map((userId) => getWallet(db, { userId, currency: 'ZAR' })),
  );
  const external = await getWallet(db, { system: 'EXTERNAL', currency: 'ZAR' });
  expect(wallets.reduce((sum, { posted }) => sum + posted, external.posted)).toBe(0n);
  await stormy.close();
}, 180_000);
