import { randomUUID } from 'node:crypto';
import { eq, relations, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import {
  bigint,
  integer,
  numeric,
  pgEnum,
  pgSchema,
  pgTable,
  uuid,
  withReplicas,
} from 'drizzle-orm/pg-core';
import { drizzle as drizzleRemote } from 'drizzle-orm/pg-proxy';
import pg from 'pg';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { connect, type Database, type Db } from '../../src/db/connect.ts';
import { type Transaction, transaction } from '../../src/db/transaction.ts';
import { getWallet, openWallet } from '../../src/queries/finance/index.ts';
import { users, wallets } from '../../src/schema/index.ts';
import { insertUser } from '../../src/testing/factories/index.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { useTestDatabase } from '../setup/test-database.ts';

// Above 2^53, where JSON's numbers are no longer exact.
const LARGE = 9_007_199_254_740_993n;
const USER = randomUUID();
const ORDER = randomUUID();

const shop = pgSchema('shop');
const state = pgEnum('order_state', ['open', 'paid']);
const orders = shop.table('orders', {
  id: uuid('id').primaryKey(),
  buyerId: uuid('buyer_id').notNull(),
  price: bigint('price', { mode: 'bigint' }).notNull(),
});
const items = shop.table('items', {
  orderId: uuid('order_id').notNull(),
  place: integer('place').notNull(),
  weight: numeric('weight').notNull(),
  pieces: bigint('pieces', { mode: 'bigint' }).array().notNull(),
});
const schema = {
  shop,
  state,
  orders,
  items,
  // As a module of the service may export it again.
  users,
  buyers: relations(users, ({ many }) => ({ orders: many(orders), wallets: many(wallets) })),
  payers: relations(wallets, ({ one }) => ({
    user: one(users, { fields: [wallets.holderId], references: [users.id] }),
  })),
  ofOrders: relations(orders, ({ one, many }) => ({
    buyer: one(users, { fields: [orders.buyerId], references: [users.id] }),
    items: many(items),
  })),
  ofItems: relations(items, ({ one }) => ({
    order: one(orders, { fields: [items.orderId], references: [orders.id] }),
  })),
};

const database = useTestDatabase();
const openAny = useOpen(database);
let db: Database<typeof schema>;

beforeAll(async () => {
  db = await openAny({ schema, max: 2 });
  await db.execute(`
    create schema shop;
    create table shop.orders (
      id uuid primary key,
      buyer_id uuid not null references identity.users,
      price bigint not null
    );
    create table shop.items (
      order_id uuid not null references shop.orders,
      place int not null,
      weight numeric not null,
      pieces bigint[] not null
    )`);
  await insertUser(db, { id: USER, name: 'Buyer' });
  await openWallet(db, { userId: USER, currency: 'ZAR' });
  await db.insert(orders).values({ id: ORDER, buyerId: USER, price: LARGE });
  await db
    .insert(items)
    .values({ orderId: ORDER, place: 1, weight: '2.30', pieces: [LARGE, LARGE + 1n] });
});

const expected = {
  id: ORDER,
  price: LARGE,
  buyer: { id: USER, wallets: [{ currency: 'ZAR', posted: 0n, version: 0n }] },
  items: [{ orderId: ORDER, place: 1, weight: '2.30', pieces: [LARGE, LARGE + 1n] }],
};

/** From a table of the service through one of ours and back. */
function ordersOf(on: Pick<Database<typeof schema>, 'query'>) {
  return on.query.orders.findMany({
    where: (all, { eq }) => eq(all.id, ORDER),
    columns: { id: true, price: true },
    with: {
      buyer: {
        columns: { id: true },
        with: { wallets: { columns: { currency: true, posted: true, version: true } } },
      },
      items: true,
    },
  });
}

describe('connect({ schema })', () => {
  it('puts the tables of a service beside ours, exact at any depth', async () => {
    expect(await ordersOf(db)).toEqual([expected]);
    const buyer = await db.query.users.findFirst({
      where: (all, { eq }) => eq(all.id, USER),
      with: { orders: { columns: { price: true } } },
    });
    expect(buyer).toMatchObject({ name: 'Buyer', orders: [{ price: LARGE }] });
    expect(await db.query.currencies.findMany()).toHaveLength(5);
    expect(await getWallet(db, { userId: USER, currency: 'ZAR' })).toMatchObject({ posted: 0n });
  });

  it('does so in transactions, and in those inside, however they begin', async () => {
    const inAll = async (tx: Transaction<typeof schema>) => {
      expect(await ordersOf(tx)).toEqual([expected]);
      expect(await getWallet(tx, { userId: USER, currency: 'ZAR' })).toMatchObject({ held: 0n });
    };
    await transaction(db, async (tx) => {
      await inAll(tx);
      await transaction(tx, inAll);
      await tx.transaction(inAll);
    });
    await db.transaction(inAll);
  });

  it('does so with withReplicas, over a pool that was given, and as a prepared query', async () => {
    const told: string[] = [];
    const replica = await openAny({
      pool: db.$client,
      schema,
      logger: { logQuery: (text) => told.push(text) },
    });
    const replicated = withReplicas(db, [replica]);
    expect(await ordersOf(replicated)).toEqual([expected]);
    await transaction(replicated, async (tx) => {
      expect(await ordersOf(tx)).toEqual([expected]);
    });
    expect(told).toEqual([expect.stringContaining('"shop"."orders"')]);
    const prepared = ordersOf(db).prepare('own_orders');
    for (let i = 0; i < 2; i += 1) expect(await prepared.execute()).toEqual([expected]);
  });

  it('leaves a database without it as it was', async () => {
    expect(database.db.query).not.toHaveProperty('orders');
    const withOrders = { with: { orders: true } } as object;
    expect(() => database.db.query.users.findMany(withOrders).toSQL()).toThrow();
  });
});

const twin = pgSchema('identity').table('users', { id: uuid('id').primaryKey() });
const mine = pgTable('users', { id: integer('id').primaryKey() });

describe('connect refuses a schema', () => {
  it.each([
    ['that is none', 'schema', null, 'must be an object'],
    ['that is a list', 'schema', [orders], 'must be an object'],
    ['with a table under a name of ours', 'schema.users', { users: mine }, 'has the name'],
    ['with relations under it', 'schema.users', { users: schema.buyers }, 'has the name'],
    ['with a table of ours under another name', 'schema.people', { people: users }, 'use that'],
    ['with another table for one of ours', 'schema.people', { people: twin }, 'use that'],
    [
      'with a relation that is called as a column',
      'schema.r.name',
      { r: relations(users, ({ many }) => ({ name: many(orders) })) },
      'has the name of a column',
    ],
    [
      'with relations that throw',
      'schema.r',
      {
        r: relations(users, () => {
          throw new Error('mine');
        }),
      },
      'throws when it is read',
    ],
  ])('%s', async (_what, field, given, rule) => {
    // Before it opens anything: nobody is there.
    const error = await rejection(
      connect({ url: 'postgres://u@127.0.0.1:1/d', schema: given as never }),
    );
    expect(error).toMatchObject({
      name: 'InvalidInputError',
      field,
      rule: expect.stringContaining(rule),
    });
  });

  it('but takes what has the name of another schema, and what is no table', async () => {
    const others = { members: mine, users, count: 5, state, say: () => 'hello' };
    const opened = await openAny({ schema: others });
    expect(Object.keys(opened.query)).toContain('members');
    expect(opened.query).not.toHaveProperty('state');
  });
});

describe('the types', () => {
  // Only looked at by the compiler.
  const misuse = async (
    single: NodePgDatabase & { $client: pg.Client },
    unknownClient: NodePgDatabase,
  ) => {
    const wallet = { userId: USER, currency: 'ZAR' };
    // @ts-expect-error over one connection, which may not be in a transaction
    await getWallet(single, wallet);
    // @ts-expect-error it may be over one connection
    await getWallet(unknownClient, wallet);
    // @ts-expect-error over nothing
    await getWallet(drizzle.mock(), wallet);
    const remote = drizzleRemote(async () => ({ rows: [] }));
    // @ts-expect-error over another driver
    await getWallet(remote, wallet);
    // @ts-expect-error a pool is no database
    await getWallet(db.$client, wallet);
    // @ts-expect-error a name of ours
    await connect({ schema: { users: mine } });
    // @ts-expect-error no such table
    db.query.noSuchTable;
    // @ts-expect-error unknown to a database without it
    database.db.query.orders;
    await transaction(database.db, async (tx) => {
      // @ts-expect-error and to its transactions
      tx.query.orders;
    });
  };

  it('take every handle that the functions take, and know its tables', async () => {
    expect(misuse).toBeTypeOf('function');
    const pool = new pg.Pool({ max: 1 });
    const handles: Db[] = [
      db,
      database.db,
      drizzle({ client: pool }),
      drizzle(pool, { schema: { orders } }),
    ];
    expect(handles).toHaveLength(4);
    const [found] = await ordersOf(db);
    expectTypeOf(found?.price).toEqualTypeOf<bigint | undefined>();
    expectTypeOf(found?.buyer.wallets[0]?.posted).toEqualTypeOf<bigint | undefined>();
    await transaction(db, async (tx) => {
      expectTypeOf(tx).toEqualTypeOf<Transaction<typeof schema>>();
      const rows = await tx
        .select({ one: sql<number>`1` })
        .from(orders)
        .where(eq(orders.id, ORDER));
      expect(rows).toEqual([{ one: 1 }]);
      handles.push(tx);
    });
    await pool.end();
  });
});
