// What a service does first, for .ci/node-versions.
import assert from 'node:assert/strict';
import { connect, deposit, getWallet, moneyToJson, openWallet, toJson, transfer } from '@azora/db';
import { startEmbedded } from '@azora/db/embedded';
import { migrate } from '@azora/db/migrate';
import { insertUser } from '@azora/db/testing';

const server = await startEmbedded({ ephemeral: true, inMemory: true });
try {
  const { applied } = await migrate({ url: server.url });
  assert.ok(applied.length > 0);
  const db = await connect({ url: server.url });
  const [from, to] = await Promise.all(
    [await insertUser(db), await insertUser(db)].map(async ({ id: userId }) => {
      await openWallet(db, { userId, currency: 'ZAR' });
      return { userId, currency: 'ZAR' };
    }),
  );
  await deposit(db, { ...from, amount: 500n, idempotencyKey: 'deposit' });
  const moved = await transfer(db, { from, to, amount: 125n, idempotencyKey: 'transfer' });
  assert.deepEqual(moneyToJson(moved), { amount: '1.25', currency: 'ZAR' });
  assert.equal(toJson(await getWallet(db, to)).posted, '125');
  const refused = transfer(db, { from, to, amount: 9_999n, idempotencyKey: 'too much' });
  await assert.rejects(refused, (error) => JSON.parse(JSON.stringify(error)).available === '375');
  await db.close();
  console.log(`Node.js ${process.version} runs the library.`);
} finally {
  await server.stop();
}
