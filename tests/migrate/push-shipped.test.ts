import { describe, expect, it } from 'vitest';
import { OUR_BOOKS } from '../../src/books.ts';
import { readJournal } from '../../src/journal.ts';
import { readCatalog } from '../../src/migrate/catalog.ts';
import { migrate, verifySchema } from '../../src/migrate/index.ts';
import { pushShipped } from '../../src/migrate/push-shipped.ts';
import { rejection } from '../setup/errors.ts';
import { useEmptyDatabases, useMigratedDatabases } from './databases.ts';
import { run } from './fixture.ts';

const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();
const tags = readJournal().map(({ tag }) => tag);
const nothing = { applied: [], repaired: [] };

// What drizzle-kit push did to a database, and what else comes back.
const REPAIRED = `
  alter table identity.user_profiles drop constraint user_profiles_pkey;
  alter table finance.wallets drop constraint wallets_currency_fkey;
  alter table identity.users drop constraint users_name_length_check,
    add constraint users_name_length_check check (char_length(name) < 999);
  drop index identity.users_email_key;
  create unique index users_email_key on identity.users (email);
  update pg_index set indisvalid = false
  where indexrelid = 'education.enrollments_course_activity_idx'::regclass;
  drop trigger ai_personalities_touch on ai.ai_personalities;
  alter table platform.audit_log disable trigger all;
  alter table ai.ai_personality_relationships disable trigger all;
  create or replace function platform.touch_updated_at() returns trigger language plpgsql
  as 'begin return new; end';
  drop function finance.ledger_time;
  alter table finance.wallets alter held drop default, alter held drop not null;
  alter table identity.users alter id set default gen_random_uuid();
  revoke execute on function public.fold_text(text) from public;
  comment on function platform.forbid_change() is null; comment on table identity.users is 'Users';`;

const EVERYTHING = `
  do $$
  declare
    made record;
  begin
    for made in
      select 1 as place, format('drop trigger %I on %s', tgname, tgrelid::regclass) as removal
      from pg_trigger where not tgisinternal
      union all
      select case contype when 'f' then 2 else 3 end,
        format('alter table %s drop constraint %I', conrelid::regclass, conname)
      from pg_constraint join pg_class on pg_class.oid = conrelid
      where contype in ('c', 'f', 'u', 'p')
        and relnamespace::regnamespace::text !~ '^(pg_|information_schema|azora_db)'
      union all
      select 4, format('drop index %s', indexrelid::regclass)
      from pg_index join pg_class on pg_class.oid = indrelid
      where relnamespace::regnamespace::text !~ '^(pg_|information_schema|azora_db)'
        and not exists (select from pg_constraint where conindid = indexrelid)
      union all
      select 5, format('alter table %s alter %I drop default', attrelid::regclass, attname)
      from pg_attribute join pg_class on pg_class.oid = attrelid
      where atthasdef and attgenerated = '' and attidentity = ''
        and relnamespace::regnamespace::text !~ '^(pg_|information_schema|azora_db)'
      order by 1
    loop
      execute made.removal;
    end loop;
  end $$`;

// What is not put back, and what is said of it.
const refused: Record<string, readonly [statements: string, object: string]> = {
  'a dropped table': ['drop table platform.safety_incidents', 'missing table platform.safety_inc'],
  'a dropped column': [
    'alter table identity.user_profiles drop column bio',
    'missing column identity.user_profiles.bio',
  ],
  'another type': [
    'alter table platform.safety_incidents alter latitude type real',
    'changed column platform.safety_incidents.latitude',
  ],
  'an enum': [
    `alter type ai.chat_role rename value 'SYSTEM' to 'PLATFORM'`,
    'changed enum ai.chat_role',
  ],
  "somebody else's check": [
    'alter table finance.wallets add constraint small check (held < 10)',
    'added constraint small on finance.wallets',
  ],
  "somebody else's function of our name": [
    `create or replace function public.is_time_zone(name text) returns boolean language sql
     as 'select true'`,
    'changed function public.is_time_zone(name text)',
  ],
};

describe('pushShipped', () => {
  it('makes of an empty database what migrate makes, and then has nothing to do', async () => {
    const [url, other] = [await emptyDatabase(), await emptyDatabase()];
    expect(await pushShipped({ url })).toEqual({ applied: tags, repaired: [] });
    await migrate({ url: other });
    expect(await readCatalog({ url })).toEqual(await readCatalog({ url: other }));
    expect(await pushShipped({ url })).toEqual(nothing);
  });

  it('puts back all triggers, constraints, indexes and defaults at once', async () => {
    const url = await migratedDatabase();
    await run(url, EVERYTHING);
    const { repaired } = await pushShipped({ url });
    expect(repaired.length).toBeGreaterThan(600);
    expect(await verifySchema({ url })).toEqual({ clean: true, differences: [] });
    expect(await pushShipped({ url })).toEqual(nothing);
  });

  it('puts back what was dropped or changed, with every row and what others have', async () => {
    const url = await migratedDatabase();
    await run(
      url,
      `insert into marketplace.skills (name, category) values ('Knitting', 'Craft');
       create schema shop; create table shop.notes (id int);
       create index users_created_idx on identity.users (created_at);`,
    );
    const before = await readCatalog({ url });
    await run(url, REPAIRED);
    const { applied, repaired } = await pushShipped({ url });
    expect(applied).toEqual([]);
    expect(repaired.length).toBeGreaterThanOrEqual(15);
    expect(await readCatalog({ url })).toEqual(before);
    expect(await run(url, `select name from marketplace.skills where category = 'Craft'`)).toEqual([
      { name: 'Knitting' },
    ]);
    expect(await pushShipped({ url })).toEqual(nothing);
  });

  it.each(Object.entries(refused))('refuses %s, and changes nothing', async (_what, damage) => {
    const [statements, object] = damage;
    const url = await migratedDatabase();
    await run(url, `${statements}; drop trigger ai_personalities_touch on ai.ai_personalities;`);
    const before = await readCatalog({ url });
    const error = await rejection(pushShipped({ url }));
    expect(error).toMatchObject({ code: 'PUSH_INCOMPLETE' });
    expect(error.message).toContain(`Nothing was changed. A push does not put this right:\n  `);
    expect(error.message).toContain(object);
    expect(await readCatalog({ url })).toEqual(before);
  });

  it('keeps nothing when rows break what was to come back', async () => {
    const url = await migratedDatabase();
    await run(
      url,
      `drop index identity.users_email_key; drop trigger ai_personalities_touch on ai.ai_personalities;
       insert into identity.users (email, name)
       select 'a@example.com', 'A' from generate_series(1, 2);`,
    );
    const before = await readCatalog({ url });
    const error = await rejection(pushShipped({ url }));
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', sqlState: '23505' });
    expect(error.message).toContain('users_email_key');
    expect(error.message).toContain('Nothing of it was kept');
    expect(await readCatalog({ url })).toEqual(before);
  });

  it('refuses a database that was made without books, or by a newer release', async () => {
    const url = await emptyDatabase();
    await run(url, 'create schema identity; create table identity.users (id int)');
    const before = await readCatalog({ url });
    expect(await rejection(pushShipped({ url }))).toMatchObject({ code: 'MIGRATION_FAILED' });
    const tables = (entry: string) => / identity\./.test(entry);
    expect((await readCatalog({ url })).filter(tables)).toEqual(before.filter(tables));

    const newer = await migratedDatabase();
    await run(
      newer,
      `insert into ${OUR_BOOKS} (hash, created_at) values ('newer', 9e15);
       drop trigger ai_personalities_touch on ai.ai_personalities;`,
    );
    expect(await rejection(pushShipped({ url: newer }))).toMatchObject({ code: 'PUSH_FAILED' });
    expect((await verifySchema({ url: newer })).clean).toBe(false);
  });
});
