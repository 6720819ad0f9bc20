// A service on Drizzle 1.0, for the compiler alone: `.ci/drizzle-next` reads the package's declarations with it.
import {
  connect,
  type Database,
  type Db,
  getWallet,
  listJobs,
  openWallet,
  type Transaction,
  transaction,
} from '@azora/db';
import { type User, users, wallets } from '@azora/db/schema';
import type { insertUser } from '@azora/db/testing';
import { defineRelations, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, pgTable, uuid } from 'drizzle-orm/pg-core';
import pg from 'pg';

type Same<A, B> = [A, B] extends [B, A] ? true : false;
const same = <A, B>(_isSame: Same<A, B>): void => undefined;

const orders = pgTable('orders', {
  id: uuid('id').primaryKey(),
  buyerId: uuid('buyer_id').notNull(),
  price: bigint('price', { mode: 'bigint' }).notNull(),
});
const schema = defineRelations({ orders, users }, (r) => ({
  orders: { buyer: r.one.users({ from: r.orders.buyerId, to: r.users.id }) },
}));
const wallet = { userId: '', currency: 'ZAR' };

export async function use(): Promise<void> {
  const bare = await connect();
  const [user] = await bare.select().from(users).where(eq(users.id, ''));
  same<typeof user, User>(true);
  same<User['name'], string>(true);
  const [selected] = await bare
    .select({ posted: wallets.posted, at: wallets.createdAt })
    .from(wallets);
  same<typeof selected, { posted: bigint; at: Date }>(true);
  const [stored] = await bare
    .insert(users)
    .values({ email: 'a@example.com', name: 'A', passwordHash: 'x' })
    .returning();
  same<typeof stored, User>(true);
  // @ts-expect-error an email is text
  await bare.insert(users).values({ email: 5, name: 'A', passwordHash: 'x' });
  // @ts-expect-error no such table
  bare.query.orders;

  const { items } = await listJobs(bare, {});
  same<(typeof items)[number]['title'], string>(true);
  same<Awaited<ReturnType<typeof insertUser>>, User>(true);

  const db = await connect({ schema });
  const found = await db.query.orders.findFirst({ with: { buyer: true } });
  same<NonNullable<typeof found>['price'], bigint>(true);
  same<NonNullable<NonNullable<typeof found>['buyer']>['name'], string>(true);
  const own = await db.query.wallets.findFirst();
  same<NonNullable<typeof own>['posted'], bigint>(true);
  const typed: Database<typeof schema> = db;
  await transaction(typed, async (tx) => {
    same<typeof tx, Transaction<typeof schema>>(true);
    await openWallet(tx, wallet);
    await tx.query.orders.findFirst({ with: { buyer: true } });
  });
  // @ts-expect-error a name of ours
  await connect({ schema: { users: orders } });

  const plain = drizzle({ client: new pg.Pool() });
  const handles: Db[] = [bare, db, plain];
  await plain.transaction(async (tx) => handles.push(tx));
  await getWallet(plain, wallet);
  // @ts-expect-error over nothing
  await getWallet(drizzle.mock(), wallet);
  // @ts-expect-error over one connection
  await getWallet(drizzle({ client: new pg.Client() }), wallet);
  // @ts-expect-error a pool is no database
  await getWallet(db.$client, wallet);
}
