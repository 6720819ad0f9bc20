// What tests/db/own-schema.test.ts and relational.test.ts say, in the form that relations have in
// Drizzle 1.0. `.ci/drizzle-next` runs it in the place of these.
import { randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as drizzle from 'drizzle-orm';
import * as before from 'drizzle-orm/_relations';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import * as core from 'drizzle-orm/pg-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { transaction } from '../../src/db/transaction.ts';
import { getWallet, openWallet } from '../../src/queries/finance/index.ts';
import { tokens, users, wallets } from '../../src/schema/index.ts';
import { insertUser } from '../../src/testing/factories/index.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const LARGE = 9_007_199_254_740_993n;
const USER = randomUUID();
const ORDER = randomUUID();

function tablesBy({ bigint, integer, numeric, pgSchema, uuid }) {
  const shop = pgSchema('shop');
  return {
    orders: shop.table('orders', {
      id: uuid('id').primaryKey(),
      buyerId: uuid('buyer_id').notNull(),
      price: bigint('price', { mode: 'bigint' }).notNull(),
    }),
    items: shop.table('items', {
      orderId: uuid('order_id').notNull(),
      place: integer('place').notNull(),
      weight: numeric('weight').notNull(),
      pieces: bigint('pieces', { mode: 'bigint' }).array().notNull(),
    }),
  };
}

function schemaBy({ defineRelations }, tables) {
  return defineRelations({ ...tables, users, wallets, tokens }, (r) => ({
    orders: {
      buyer: r.one.users({ from: r.orders.buyerId, to: r.users.id }),
      items: r.many.items(),
    },
    items: { order: r.one.orders({ from: r.items.orderId, to: r.orders.id }) },
    users: { wallets: r.many.wallets(), tokens: r.many.tokens() },
    wallets: { user: r.one.users({ from: r.wallets.holderId, to: r.users.id }) },
    tokens: { user: r.one.users({ from: r.tokens.userId, to: r.users.id }) },
  }));
}

const tables = tablesBy(core);
const schema = { shop: core.pgSchema('shop'), ...schemaBy(drizzle, tables) };
const database = useTestDatabase();
const folder = useTemporaryFolder();
const open = useOpen(database);
let db: Awaited<ReturnType<typeof open>>;

beforeAll(async () => {
  db = await open({ schema, max: 2 });
  await db.execute(`
    create schema shop;
    create table shop.orders (id uuid primary key, buyer_id uuid not null, price bigint not null);
    create table shop.items (
      order_id uuid not null, place int not null, weight numeric not null, pieces bigint[] not null
    )`);
  await insertUser(db, { id: USER, createdAt: new Date('0050-06-01T12:00:00.5Z') });
  await openWallet(db, { userId: USER, currency: 'ZAR' });
  await db.insert(tables.orders).values({ id: ORDER, buyerId: USER, price: LARGE });
  await db
    .insert(tables.items)
    .values({ orderId: ORDER, place: 1, weight: '2.30', pieces: [LARGE, LARGE + 1n] });
  // What no statement of the library stores: its own guards are away.
  await db.$client.query(`
    set session_replication_role = replica;
    update finance.wallets set posted = ${LARGE}, version = 1 where user_id = '${USER}';
    insert into identity.tokens (user_id, type, token_hash, expires_at)
    values ('${USER}', 'REFRESH', decode('${'00ff'.repeat(16)}', 'hex'), '2999-01-01');
    reset session_replication_role`);
});

const query = (on) =>
  on.query.orders.findMany({
    where: { id: ORDER },
    with: { buyer: { with: { wallets: true, tokens: true } }, items: true },
  });

function check(rows) {
  expect(rows).toMatchObject([
    {
      id: ORDER,
      price: LARGE,
      buyer: {
        id: USER,
        createdAt: new Date('0050-06-01T12:00:00.5Z'),
        wallets: [{ currency: 'ZAR', posted: LARGE, version: 1n }],
      },
      items: [{ orderId: ORDER, place: 1, weight: '2.30', pieces: [LARGE, LARGE + 1n] }],
    },
  ]);
  expect(rows[0].buyer.tokens[0].tokenHash).toEqual(Buffer.from('00ff'.repeat(16), 'hex'));
}

describe('connect({ schema })', () => {
  it('takes what defineRelations() makes, exact at any depth', async () => {
    check(await query(db));
    const prepared = query(db).prepare('own_orders');
    for (let i = 0; i < 2; i += 1) check(await prepared.execute());
    expect(await db.query.currencies.findMany()).toHaveLength(5);
    const rows = await db.select().from(users).where(drizzle.eq(users.id, USER));
    expect(rows).toMatchObject([{ createdAt: new Date('0050-06-01T12:00:00.5Z') }]);
  });

  it('knows it in transactions, and in those inside, however they begin', async () => {
    const inAll = async (tx) => {
      check(await query(tx));
      expect(await getWallet(tx, { userId: USER, currency: 'ZAR' })).toMatchObject({ held: 0n });
    };
    await transaction(db, async (tx) => {
      await inAll(tx);
      await transaction(tx, inAll);
      await tx.transaction(inAll);
    });
    await db.transaction(inAll);
    const replicated = core.withReplicas(db, [await open({ schema })]);
    check(await query(replicated));
    check(await query(replicated.$replica));
    await transaction(replicated, inAll);
  });

  it('takes tables alone, and our own tables among them', async () => {
    const opened = await open({ schema: { ...tables, users } });
    expect(await opened.query.orders.findMany()).toHaveLength(1);
    expect(await opened.query.users.findMany({ columns: { id: true } })).toContainEqual({
      id: USER,
    });
  });

  it('keeps values out of errors', async () => {
    const error = await rejection(
      db.insert(tables.orders).values({ id: ORDER, buyerId: USER, price: 7n }),
    );
    expect(error).toMatchObject({ name: 'ConstraintError', constraint: 'orders_pkey' });
    expect(`${error.message} ${error.stack}`).not.toContain(ORDER);
  });
});

describe('connect refuses a schema', () => {
  const twin = core.pgSchema('identity').table('users', { id: core.uuid('id').primaryKey() });

  it.each([
    ['with a table under a name of ours', 'schema.users', { users: tables.orders }],
    [
      'with another table for one of ours',
      'schema.people',
      drizzle.defineRelations({ people: twin }),
    ],
    ['with a table of ours under another name', 'schema.people', { people: users }],
    [
      'with relations in the form of Drizzle 0.45',
      'schema.r',
      { r: before.relations(users, ({ many }) => ({ orders: many(tables.orders) })) },
    ],
  ])('%s', async (_what, field, given) => {
    const error = await rejection(connect({ url: 'postgres://u@127.0.0.1:1/d', schema: given }));
    expect(error).toMatchObject({ name: 'InvalidInputError', field });
  });

  it('of another copy, but not what require() makes of the one', async () => {
    const copy = join(folder.path, 'node_modules', 'drizzle-orm');
    await mkdir(dirname(copy), { recursive: true });
    const installed = dirname(fileURLToPath(import.meta.resolve('drizzle-orm')));
    await cp(installed, copy, {
      recursive: true,
      filter: (path) => !/\.(map|c?ts|cjs)$/.test(path),
    });
    const load = (name) => import(pathToFileURL(join(copy, name)).href);
    const [other, otherCore] = [await load('index.js'), await load('pg-core/index.js')];
    const theirs = tablesBy(otherCore);
    for (const given of [
      theirs,
      schemaBy(other, theirs),
      { users: schemaBy(other, tables).users },
    ]) {
      const error = await rejection(connect({ url: 'postgres://u@127.0.0.1:1/d', schema: given }));
      expect(error).toMatchObject({ rule: expect.stringContaining('another copy of drizzle-orm') });
    }
    const require = createRequire(import.meta.url);
    const required = schemaBy(require('drizzle-orm'), tablesBy(require('drizzle-orm/pg-core')));
    check(await query(await open({ schema: required })));
  });
});

describe("Drizzle's migrate", () => {
  it('runs on our database, with books of its own', async () => {
    const migrationsFolder = join(folder.path, 'drizzle');
    await mkdir(join(migrationsFolder, '20260101000000_cats'), { recursive: true });
    const file = join(migrationsFolder, '20260101000000_cats', 'migration.sql');
    await writeFile(file, 'create table own_cats (id int)');
    const settings = { migrationsFolder, migrationsSchema: 'own_books' };
    await migrate(db, settings);
    await migrate(db, settings);
    const { rows } = await db.execute(`select to_regclass('own_cats')::text as name`);
    expect(rows).toEqual([{ name: 'own_cats' }]);
  });
});
