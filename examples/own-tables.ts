import { getWallet, InsufficientFundsError, transfer } from '@azora/db';
import { demoUsers } from '@azora/db/seeds';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, pgSchema, text, uuid } from 'drizzle-orm/pg-core';
import pg from 'pg';

// What a service has already: tables, a pool and a Drizzle of its own.
const shop = pgSchema('shop');
const orders = shop.table('orders', {
  id: uuid('id').primaryKey().defaultRandom(),
  buyerId: uuid('buyer_id').notNull(),
  item: text('item').notNull(),
  price: bigint('price', { mode: 'bigint' }).notNull(),
});
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// Without these, a connection that breaks ends the process: while idle by the first, else by the second.
pool.on('error', (error) => console.error(error.message));
pool.on('connect', (client) => client.on('error', (error) => console.error(error.message)));
const db = drizzle({ client: pool, schema: { orders } });
await db.execute(sql`create schema shop create table orders (
  id uuid primary key default gen_random_uuid(),
  buyer_id uuid not null references identity.users,
  item text not null,
  price bigint not null
)`);

const buyer = { userId: demoUsers.student, currency: 'ZAR' };
const shopkeeper = { userId: demoUsers.educator, currency: 'ZAR' };

// One transaction of that Drizzle: the order and the money are both there, or neither is.
async function buy(item: string, price: bigint): Promise<void> {
  await db.transaction(async (tx) => {
    const order = { id: crypto.randomUUID(), buyerId: buyer.userId, item, price };
    await tx.insert(orders).values(order);
    const idempotencyKey = `order:${order.id}`;
    await transfer(tx, { from: buyer, to: shopkeeper, amount: price, idempotencyKey });
  });
}

const before = await getWallet(db, buyer);
await buy('a book', 2_500n);
try {
  await buy('a house', 250_000_000n);
} catch (error) {
  if (!(error instanceof InsufficientFundsError)) throw error;
  console.log(`refused: ${error.requested} requested`);
}
for (const { item, price } of await db.select().from(orders)) console.log(`${item}: ${price}`);
console.log(`paid: ${before.posted - (await getWallet(db, buyer)).posted}`);

await db.execute(sql`drop schema shop cascade`);
await pool.end();
