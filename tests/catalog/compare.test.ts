import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareWithShipped } from '../../src/catalog/shipped.ts';
import { connect } from '../../src/db/connect.ts';
import { SchemaDriftError } from '../../src/errors.ts';
import { verifySchema } from '../../src/migrate/index.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();
let client: Client;

beforeAll(async () => {
  client = new Client({ connectionString: database.url });
  await client.connect();
});
afterAll(() => client.end());

/** What is found after these statements, of which nothing is kept. */
async function findAfter(statements: string): Promise<string[]> {
  await client.query(`begin; ${statements}`);
  try {
    const found = await compareWithShipped((text, values) => client.query(text, values));
    return found.map(({ kind, object }) => `${kind} ${object}`);
  } finally {
    await client.query('rollback');
  }
}

// What was done, and what has to be said of it.
const damages: Record<string, readonly [statements: string, ...found: string[]]> = {
  'a key': [
    'alter table identity.user_profiles drop constraint user_profiles_pkey',
    'missing constraint user_profiles_pkey on identity.user_profiles',
    'missing index user_profiles_pkey on identity.user_profiles',
  ],
  'a foreign key': [
    'alter table finance.wallets drop constraint wallets_currency_fkey',
    'missing constraint wallets_currency_fkey on finance.wallets',
  ],
  'a check': [
    'alter table identity.users drop constraint users_name_length_check',
    'missing constraint users_name_length_check on identity.users',
  ],
  'a check of another rule': [
    `alter table identity.users drop constraint users_name_length_check,
       add constraint users_name_length_check check (char_length(name) between 1 and 201)`,
    'changed constraint users_name_length_check on identity.users',
  ],
  'an index': [
    'drop index identity.users_email_key',
    'missing index users_email_key on identity.users',
  ],
  'an index over another column': [
    `drop index identity.users_email_key;
     create unique index users_email_key on identity.users (name)`,
    'changed index users_email_key on identity.users',
  ],
  'an index that is not valid': [
    `update pg_index set indisvalid = false where indexrelid = 'identity.users_email_key'::regclass`,
    'changed index users_email_key on identity.users',
  ],
  'a trigger': [
    'drop trigger ai_personalities_touch on ai.ai_personalities',
    'missing trigger ai_personalities_touch on ai.ai_personalities',
  ],
  'a disabled trigger': [
    'alter table ai.ai_personalities disable trigger ai_personalities_touch',
    'changed trigger ai_personalities_touch on ai.ai_personalities',
  ],
  'a foreign key that is kept no more': [
    'alter table ai.ai_personality_relationships disable trigger all',
    'changed constraint ai_personality_relationships_personality_id_fkey on ai.ai_personality_relationships',
    'changed constraint ai_personality_relationships_related_id_fkey on ai.ai_personality_relationships',
  ],
  'the body of a function': [
    `create or replace function platform.touch_updated_at() returns trigger language plpgsql
     as 'begin return new; end'`,
    'changed function platform.touch_updated_at()',
  ],
  'a security definer no more': [
    'alter function platform.advance_identity() security invoker',
    'changed function platform.advance_identity()',
  ],
  'a function': [
    'drop function finance.ledger_time',
    'missing function finance.ledger_time(at timestamp with time zone)',
  ],
  'the type of a column': [
    'alter table platform.safety_incidents alter latitude type real',
    'changed column platform.safety_incidents.latitude',
  ],
  'a default': [
    'alter table finance.wallets alter held drop default',
    'changed column finance.wallets.held',
  ],
  'a column that may be empty': [
    'alter table finance.wallets alter held drop not null',
    'changed column finance.wallets.held',
  ],
  'a column': [
    'alter table identity.user_profiles drop column bio',
    'missing column identity.user_profiles.bio',
    'missing constraint user_profiles_bio_length_check on identity.user_profiles',
  ],
  'a table': ['drop table platform.safety_incidents', 'missing table platform.safety_incidents'],
  'a value of an enum': [
    `alter type ai.chat_role rename value 'SYSTEM' to 'PLATFORM'`,
    'changed enum ai.chat_role',
  ],
  'a table without a log': [
    'alter table platform.safety_incidents set unlogged',
    'changed table platform.safety_incidents',
  ],
  'policies that hide rows': [
    'alter table platform.notifications enable row level security',
    'changed table platform.notifications',
  ],
  'the right to call a function': [
    'revoke execute on function public.fold_text(text) from public',
    'missing grant execute on function public.fold_text(text) to public',
  ],
  "somebody else's trigger on our table": [
    `create function swallow() returns trigger language plpgsql as 'begin return null; end';
     create trigger swallow before insert on finance.wallets for each row execute function swallow()`,
    'added trigger swallow on finance.wallets',
  ],
  "somebody else's rule on our table": [
    'create rule quiet as on delete to finance.wallets do instead nothing',
    'added rule quiet on finance.wallets',
  ],
  "somebody else's check on our table": [
    'alter table finance.wallets add constraint small check (held < 10)',
    'added constraint small on finance.wallets',
  ],
  "somebody else's unique index on our table": [
    'create unique index one_name on identity.users (name)',
    'added index one_name on identity.users',
  ],
  "somebody else's column on our table that has to be filled": [
    'alter table platform.safety_incidents add shoe_size int not null',
    'added column platform.safety_incidents.shoe_size',
  ],
};

describe('compareWithShipped', () => {
  it('finds nothing in what the migrations made', async () => {
    expect(await findAfter('')).toEqual([]);
    expect(await verifySchema({ url: database.url })).toEqual({ clean: true, differences: [] });
  });

  it.each(Object.entries(damages))('names %s', async (_what, [statements, ...names]) => {
    expect(await findAfter(statements)).toEqual(names);
  });

  it('leaves alone what services and operators have of their own', async () => {
    const own = `
      create schema shop;
      create table shop.orders (
        id int primary key, user_id uuid not null references identity.users (id)
      );
      create table identity.shoes (size int not null unique check (size > 9));
      create table notes (id int primary key);
      create function identity.measure() returns trigger language plpgsql
      as 'begin return new; end';
      create trigger shoes_measure before insert on identity.shoes
      for each row execute function identity.measure();
      create view finance.rich as select user_id from finance.wallets where held > 1000;
      create index users_created_idx on identity.users (created_at);
      alter table identity.users add nick text, add shoe_size int not null default 42;
      alter table finance.wallets set (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 70);
      alter table finance.wallets replica identity full;
      cluster identity.users using users_pkey;
      comment on table identity.users is 'Ours';
      comment on function platform.forbid_change() is null;
      create role compare_test;
      grant select on identity.users to compare_test;
      revoke execute on function public.fold_text(text) from public;
      grant execute on function public.fold_text(text) to compare_test;
      alter table finance.wallets owner to compare_test;
      create publication everything for table identity.users;`;
    expect(await findAfter(own)).toEqual([]);
  });

  it('finds nothing where all was made again from what the server shows, as by a dump', async () => {
    const again = `
      do $$
      declare
        made record;
      begin
        for made in
          select format('drop trigger %I on %s', tgname, tgrelid::regclass) as removal,
            pg_get_triggerdef(t.oid) as definition
          from pg_trigger t join pg_class c on c.oid = tgrelid
          where not tgisinternal
          union all
          select format('alter table %s drop constraint %I', conrelid::regclass, conname),
            format('alter table %s add constraint %I %s', conrelid::regclass, conname,
              pg_get_constraintdef(k.oid))
          from pg_constraint k join pg_class c on c.oid = conrelid
          where contype in ('c', 'f')
            and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
          union all
          select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
          from pg_index join pg_class c on c.oid = indrelid
          where not indisprimary
            and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            and not exists (select from pg_constraint where conindid = indexrelid)
        loop
          execute made.removal;
          execute made.definition;
        end loop;
      end $$`;
    expect(await findAfter(again)).toEqual([]);
  });

  it('takes both names of the function that PostgreSQL 18 brings along', async () => {
    const moved = `
      create or replace function public.uuidv7() returns uuid language sql as 'select null::uuid';
      alter table identity.users alter id set default public.uuidv7()`;
    const found = await findAfter(moved);
    expect(found).toContain('changed function public.uuidv7()');
    expect(found.filter((name) => name.includes('column'))).toEqual([]);
  });
});

describe('connect', () => {
  it('refuses with verify, for anybody, what it takes without', async () => {
    const { url, db } = database;
    const role = `verify_${process.pid}`;
    await db.$client.query(
      `create role ${role} login password 'verify';
       grant usage on schema azora_db to ${role};
       grant select on all tables in schema azora_db to ${role};`,
    );
    const weak = new URL(url);
    [weak.username, weak.password] = [role, 'verify'];
    try {
      await (await connect({ url: weak.href, verify: true })).close();
      await db.$client.query(
        `drop index identity.users_email_key;
         alter table ai.ai_personalities disable trigger ai_personalities_touch;`,
      );
      await (await connect({ url: weak.href })).close();
      const error = await rejection(connect({ url: weak.href, verify: true }));
      expect(error).toBeInstanceOf(SchemaDriftError);
      expect(error).toMatchObject({
        code: 'SCHEMA_DIFFERS',
        message: expect.stringContaining(
          'missing index users_email_key on identity.users; ' +
            'changed trigger ai_personalities_touch on ai.ai_personalities',
        ),
        differences: [
          {
            kind: 'missing',
            object: 'index users_email_key on identity.users',
            expected: expect.stringContaining('public.fold_text(email)'),
            actual: null,
          },
          {
            kind: 'changed',
            object: 'trigger ai_personalities_touch on ai.ai_personalities',
            expected: expect.not.stringMatching(/disabled$/),
            actual: expect.stringMatching(/disabled$/),
          },
        ],
      });
      await expect(connect({ pool: db.$client, verify: true })).rejects.toThrow(SchemaDriftError);
    } finally {
      await db.$client.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('refuses a verify that is no boolean', async () => {
    await expect(connect({ url: database.url, verify: 1 as never })).rejects.toMatchObject({
      field: 'verify',
    });
  });
});
