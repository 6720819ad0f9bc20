import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { DRIZZLE_BOOKS } from '../../src/books.ts';
import { readJournal } from '../../src/journal.ts';
import { migrate } from '../../src/migrate/index.ts';
import { dropAll } from '../../src/migrate/reset.ts';
import { rejection } from '../setup/errors.ts';
import { waitFor } from '../setup/wait-for.ts';
import { useMigratedDatabases } from './databases.ts';
import { books, open, run, useSharedBooks } from './fixture.ts';

const migratedDatabase = useMigratedDatabases();
let url: string;
beforeEach(async () => {
  url = await migratedDatabase();
  await run(url, `insert into marketplace.skills (name, category) values ('Knitting', 'Craft')`);
});

const isThere = async () =>
  (await run(url, `select from marketplace.skills where name = 'Knitting'`)).length === 1;

describe('dropAll', () => {
  it('keeps the schemas and tables of others', async () => {
    await run(url, 'create schema shop; create table shop.orders as select 1 as id');
    await run(url, 'create table notes as select 2 as id');
    await dropAll({ url });
    await migrate({ url });
    expect(await run(url, 'select id from shop.orders')).toEqual([{ id: 1 }]);
    expect(await run(url, 'select id from public.notes')).toEqual([{ id: 2 }]);
  });

  it('keeps functions of others that are named like ours, and what uses them or ours', async () => {
    const overloads = `
      create function public.wallet_address(text) returns text language sql return 'theirs';
      create function public.uuidv7(shift int) returns uuid language sql return gen_random_uuid();
    `;
    await run(url, overloads);
    await run(
      url,
      `create table notes (
         id uuid default uuidv7(),
         other uuid default public.uuidv7(1),
         address text default public.wallet_address('x')
       )`,
    );
    await useSharedBooks(url);
    await run(url, 'create table drizzle.theirs as select 3 as id');
    await dropAll({ url });
    await migrate({ url });
    await run(url, 'insert into notes default values');
    expect(await run(url, 'select address, num_nonnulls(id, other) as ids from notes')).toEqual([
      { address: 'theirs', ids: 2 },
    ]);
    expect(await run(url, 'select id from drizzle.theirs')).toEqual([{ id: 3 }]);
    expect(await isThere()).toBe(false);
  });

  it('names the sessions that use the tables, and drops nothing', async () => {
    const blocker = new pg.Client({ connectionString: url, application_name: 'report of the day' });
    await blocker.connect();
    try {
      await blocker.query('begin');
      await blocker.query('select from marketplace.skills');
      const { rows } = await blocker.query('select pg_backend_pid() as pid');
      const error = await rejection(dropAll({ url, lockTimeoutMs: 100 }));
      expect(error).toMatchObject({ name: 'MigrationError', code: 'RESET_BLOCKED' });
      expect(error.message).toContain(`${rows[0].pid} (report of the day, idle in transaction)`);
      expect(error.message).toContain(`select pg_terminate_backend(${rows[0].pid})`);
    } finally {
      await blocker.end();
    }
    expect(await isThere()).toBe(true);
  });

  it('does not name a session that uses the same tables of a copy of the database', async () => {
    const blocker = await open(url);
    const elsewhere = await open(await migratedDatabase());
    try {
      await blocker.query('begin; select from marketplace.skills');
      await elsewhere.query('begin; select from marketplace.skills');
      const error = await rejection(dropAll({ url, lockTimeoutMs: 100 }));
      expect(error.message).toMatch(/By process id: \d+ \(no name, idle in transaction\)\. Stop/);
    } finally {
      await blocker.end();
      await elsewhere.end();
    }
  });

  it('does not name a session that only waits for them', async () => {
    const blocker = await open(url);
    const waiter = await open(url);
    try {
      await blocker.query('begin; select from marketplace.skills');
      const { rows } = await waiter.query('select pg_backend_pid() as pid');
      const waiting = waiter.query('begin; lock table marketplace.skills; rollback');
      const isWaiting = `select from pg_locks where pid = ${rows[0].pid} and not granted`;
      await waitFor('it waits', async () => (await run(url, isWaiting)).length === 1);
      const error = await rejection(dropAll({ url, lockTimeoutMs: 100 }));
      expect(error.message).toMatch(/By process id: \d+ \(no name, idle in transaction\)\. Stop/);
      await blocker.query('rollback');
      await waiting;
    } finally {
      await blocker.end();
      await waiter.end();
    }
  });

  it("keeps a function in public that has ours' arguments and not our comment", async () => {
    await run(url, `comment on function public.wallet_address(uuid, text) is 'Theirs'`);
    await dropAll({ url });
    const find = `select to_regprocedure('public.wallet_address(uuid, text)') is not null as kept`;
    expect(await run(url, find)).toEqual([{ kept: true }]);
  });
});

describe('dropAll, where something of others depends on ours', () => {
  const DEPENDENTS = `
    create schema shop;
    create function shop.note() returns trigger language plpgsql as 'begin return new; end';
    create function platform.is_fine(uuid) returns bool immutable language sql as 'select true';
    create table shop.orders (
      id uuid default uuidv7(),
      user_id uuid constraint orders_user_id_fkey references identity.users,
      status finance.payment_status,
      kinds finance.payment_type[],
      is_pending bool generated always as (status = 'PENDING') stored,
      constraint orders_checked_check check (platform.is_fine(user_id))
    );
    create index on shop.orders (status);
    create view shop.skilled as select name from marketplace.skills;
    create materialized view shop.names as select name from shop.skilled;
    create function shop.posted(finance.wallets) returns bigint language sql as 'select 1';
    create function shop.count() returns bigint language sql
      begin atomic select count(*) from identity.users; end;
    create trigger noted after insert on identity.users for each row execute function shop.note();
    create trigger forbidden before delete on shop.orders
      for each row execute function platform.forbid_change();
    alter table shop.orders enable row level security;
    create policy own on shop.orders using (user_id in (select id from identity.users));
    create table shop.skills_too () inherits (marketplace.skills);
    create domain shop.kind as finance.payment_type;
    create publication shop_feed for table identity.users;
    create view finance.skilled_orders as select id from shop.orders;
    alter table identity.users add shop_order shop.kind`;
  const NAMED = [
    'function shop.count()',
    'function shop.posted(finance.wallets)',
    'materialized view shop.names',
    'policy own on shop.orders',
    'publication relation identity.users in publication shop_feed',
    'table column identity.users.shop_order',
    'table column shop.orders.is_pending',
    'table column shop.orders.kinds',
    'table column shop.orders.status',
    'table constraint orders_checked_check on shop.orders',
    'table constraint orders_user_id_fkey on shop.orders',
    'table shop.skills_too',
    'trigger forbidden on shop.orders',
    'trigger noted on identity.users',
    'type shop.kind',
    'view finance.skilled_orders',
    'view shop.skilled',
  ];

  it('names it and drops nothing, and with force says what it dropped', async () => {
    await run(url, DEPENDENTS);
    await run(url, `insert into shop.orders values (default, null, 'PENDING')`);
    const error = await rejection(dropAll({ url }));
    expect(error).toMatchObject({
      name: 'ResetDependentsError',
      code: 'RESET_DEPENDENTS',
      dependents: NAMED,
    });
    expect(error.message).toContain('\n  view shop.skilled\n');
    expect(await isThere()).toBe(true);
    expect(await run(url, 'select status from shop.orders')).toEqual([{ status: 'PENDING' }]);
    expect(await dropAll({ url, force: true })).toEqual(NAMED);
    expect(Object.keys((await run(url, 'select * from shop.orders'))[0] ?? {})).toEqual([
      'id',
      'user_id',
    ]);
    await migrate({ url });
    expect(await dropAll({ url })).toEqual([]);
  });

  it('lets be what only names ours in a text, or is named by none', async () => {
    await run(
      url,
      `create schema shop;
       create table shop.orders (id uuid default uuidv7(), address text
         default public.wallet_address(gen_random_uuid(), 'ZAR'));
       create function shop.count() returns bigint language sql
         as 'select count(*) from identity.users';
       alter default privileges in schema finance grant select on tables to pg_monitor`,
    );
    expect(await dropAll({ url })).toEqual([]);
    await migrate({ url });
    expect(await run(url, 'select shop.count()')).toEqual([{ count: '0' }]);
  });

  it("keeps a service's books, where older releases had ours as well", async () => {
    await useSharedBooks(url);
    await run(url, `insert into ${DRIZZLE_BOOKS} (hash, created_at) values ('theirs', 1)`);
    await dropAll({ url });
    expect(await books(url)).toEqual([{ hash: 'theirs', created_at: '1' }]);
    expect(await migrate({ url })).toEqual({ applied: readJournal().map(({ tag }) => tag) });
  });
});
