// A service that uses the package: see .ci/package-use.
import { connect, type Db, listWallets, openWallet, transaction } from '@azora/db';
import { type User, users } from '@azora/db/schema';
import { seedDemo } from '@azora/db/seeds';
import { createTestDatabase, insertUser, startTestServer } from '@azora/db/testing';

// Without its declarations, all of `pg` would be `any`, of which this is no error.
async function misuse(db: Db): Promise<void> {
  const own = await connect();
  // @ts-expect-error a pool has no such member
  own.$client.noSuchMember;
  // @ts-expect-error a wallet belongs to a user
  await listWallets(db, { currency: 'AZR' });
}

const server = await startTestServer({ database: 'embedded' });
try {
  const database = await createTestDatabase({ serverUrl: server.url });
  const db = await connect({ url: database.url });
  const user: User = await insertUser(db, { name: 'Consumer' });
  await transaction(db, (tx) => openWallet(tx, { userId: user.id, currency: 'AZR' }));
  const { items } = await listWallets(db, { userId: user.id });
  const [found] = await db.select({ name: users.name }).from(users);
  await seedDemo(db);
  if (items.length !== 1 || items[0]?.posted !== 0n || found?.name !== 'Consumer') {
    throw new Error(`${misuse.name} or the queries are wrong: ${items.length} wallets`);
  }
  await db.close();
  await database.drop();
  globalThis.console.log(`The package works in another project, on ${server.description}.`);
} finally {
  await server.stop();
}
