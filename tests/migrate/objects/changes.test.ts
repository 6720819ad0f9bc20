import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../../src/migrate/catalog.ts';
import { compareSources, dropOf } from '../../../src/migrate/objects/changes.ts';
import type { Sources } from '../../../src/migrate/objects/read-sources.ts';
import { dropLeftovers, replaceObject } from '../../../src/migrate/objects/replace.ts';
import { compareObjects, hashOf, parseObjects } from '../../../src/migrate/objects/sql-object.ts';
import { useEmptyTestDatabase } from '../../setup/test-database.ts';
import { useEmptyDatabases } from '../databases.ts';
import { run } from '../fixture.ts';

const emptyDatabase = useEmptyDatabases();
const shared = useEmptyTestDatabase();

const TABLES = `
  set check_function_bodies = off;
  create schema if not exists pets;
  create table if not exists pets.cats (id int primary key, name text, place int);
`;

const OLD = `
  create type pets.meal as (grams integer);
  comment on type pets.meal is 'A meal';
  create or replace function pets.sum(meals pets.meal[], out grams integer)
  language sql as $$ select 1 $$;
  create or replace function pets.feed(meal pets.meal, note text default 'a, b') returns integer
  language sql as $$ select (meal).grams $$;
  comment on function pets.feed(pets.meal, text) is 'Feeds a cat';
  create or replace function pets.weigh(cat integer) returns integer
  language sql as $$ select cat $$;
  create or replace function pets.check_name() returns trigger
  language plpgsql as $$ begin return new; end $$;
  create or replace trigger cats_name before insert on pets.cats
  for each row execute function pets.check_name();
  create constraint trigger cats_fed after insert on pets.cats deferrable initially deferred
  for each row execute function pets.check_name();
  alter table pets.cats add constraint cats_place_key unique (place) deferrable;
  comment on trigger cats_fed on pets.cats is 'Checks it';
  create index cats_name_idx on pets.cats (name) include (place);
  comment on index pets.cats_name_idx is 'For names';
  comment on table pets.cats is 'A cat';
  insert into pets.cats (id, name) values (1, 'Tom') on conflict (id) do nothing;
`;

// Each from the old text to another one.
const changes: Record<string, [from: string, to: string][]> = {
  'the body of a function': [['select cat $$', 'select cat + 1 $$']],
  'the comment on a function': [['Feeds a cat', 'Feeds the cat']],
  'no comment on a function': [
    ["comment on function pets.feed(pets.meal, text) is 'Feeds a cat';", ''],
  ],
  'the parameters of a function that returns by them': [['out grams integer', 'out grams bigint']],
  'a default less': [["note text default 'a, b'", 'note text']],
  'a parameter more': [
    ['weigh(cat integer)', 'weigh(cat integer, grams integer default 1)'],
    ["'a, b'", "'b'"],
  ],
  'another name of a parameter': [
    ['weigh(cat integer)', 'weigh(puss integer)'],
    ['select cat $$', 'select puss $$'],
  ],
  'another result': [['weigh(cat integer) returns integer', 'weigh(cat integer) returns bigint']],
  'a type that a function takes': [['(grams integer)', '(grams integer, hot boolean)']],
  'when a trigger fires': [['before insert on', 'before insert or update on']],
  'when a constraint trigger fires': [['after insert on', 'after insert or update on']],
  'a key': [['unique (place) deferrable', 'unique (place, name) deferrable']],
  'an index': [['(name) include (place)', '(name) include (place, id)']],
  'the comment on a table': [['A cat', 'One cat']],
  'no constraint trigger': [
    [
      `create constraint trigger cats_fed after insert on pets.cats deferrable initially deferred
  for each row execute function pets.check_name();`,
      '',
    ],
    ["comment on trigger cats_fed on pets.cats is 'Checks it';", ''],
  ],
  'another function of a trigger': [
    ['pets.check_name() returns', 'pets.check_cat() returns'],
    [
      'for each row execute function pets.check_name()',
      'for each row execute function pets.check_cat()',
    ],
    [
      'initially deferred\n  for each row execute function pets.check_name()',
      'initially deferred\n  for each row execute function pets.check_cat()',
    ],
  ],
  rows: [["(1, 'Tom')", "(1, 'Tom'), (2, 'Tim')"]],
};

function sourcesOf(text: string): Sources {
  const objects = parseObjects(text, 'pets.sql');
  return { first: [], objects: objects.sort((a, b) => compareObjects(a.name, b.name)) };
}

const stateOf = ({ first, objects }: Sources) =>
  new Map([...first, ...objects].map(({ name, hash }) => [name, hash]));

const make = (sources: Sources) => compareSources(new Map(), sources, { tables: '' });

/** The catalog after these migrations, and the rows. All are built in one database, one by one. */
async function build(...migrations: readonly (readonly string[])[]) {
  const { url } = shared;
  await run(url, 'drop schema if exists pets, shop cascade');
  for (const statements of migrations) await run(url, TABLES + statements.join('\n'));
  const rows = await run(url, 'select * from pets.cats order by id');
  return { catalog: await readCatalog({ url }), rows };
}

function changed([from, to]: [string, string], text: string): string {
  expect(text).toContain(from);
  return text.replace(from, () => to);
}

const changedBy = (replacements: [string, string][]) =>
  sourcesOf(replacements.reduce((text, replacement) => changed(replacement, text), OLD));

describe('compareSources', () => {
  const old = sourcesOf(OLD);

  it.each(Object.entries(changes))('brings a database up to %s', async (_what, replacements) => {
    const now = changedBy(replacements);
    const fresh = await build(make(now).after);
    for (const tables of ['', undefined]) {
      const { before, after } = compareSources(stateOf(old), now, { tables });
      expect([...before, ...after].join('\n')).not.toBe('');
      expect(await build(make(old).after, [...before, ...after])).toEqual(fresh);
    }
  });

  it('takes away what is gone, and says what it cannot', async () => {
    const none = sourcesOf('');
    const { before, after } = compareSources(stateOf(old), none, { tables: '' });
    const { catalog } = await build(make(old).after, [...before, ...after]);
    expect(catalog).toEqual((await build([])).catalog);
    expect(after.filter((text) => text.startsWith('-- FILL IN'))).toEqual([
      expect.stringContaining('rows pets.cats is gone'),
    ]);
  });

  it.each([
    'create or replace trigger cats_long before insert on pets.cats for each row ' +
      'when (pets.is_long(new.name)) execute function pets.check_name();',
    'create index cats_long_idx on pets.cats (id) where pets.is_long(name);',
    'alter table pets.cats add constraint cats_long_check check (not pets.is_long(name));',
    'create or replace function pets.shorten(name text default pets.is_long(null::text))\n' +
      'returns text language sql as $$ select name $$;',
  ])('makes again what calls a function that has to be made again: %s', async (user) => {
    const isLong = `create or replace function pets.is_long(name text) returns boolean
      language sql immutable as $$ select length($1) > 9 $$;`;
    const before = sourcesOf(OLD + isLong + user);
    const now = sourcesOf(OLD + isLong.replace('name text', 'text') + user);
    const back = compareSources(stateOf(before), now, { tables: '' });
    expect(await build(make(before).after, [...back.before, ...back.after])).toEqual(
      await build(make(now).after),
    );
  });

  it('takes away what was on a table that is gone', async () => {
    const none = compareSources(stateOf(old), sourcesOf(''), { tables: undefined });
    const url = await emptyDatabase();
    await run(url, TABLES + make(old).after.join('\n'));
    const dropped = 'drop table pets.cats cascade;';
    await run(url, [...none.before, dropped, ...none.after].join('\n'));
    expect(await readCatalog({ url })).toEqual(['schema pets']);
  });

  it('lets a column go whose trigger changes with it', async () => {
    const now = sourcesOf(OLD.replace('before insert on', 'before update of name on'));
    const back = compareSources(stateOf(now), old, { tables: undefined });
    expect(back.before).toEqual(['drop trigger if exists cats_name on pets.cats;']);
  });

  it('makes again what the tables undo, or could not change beside it', async () => {
    const made = sourcesOf(`${OLD.replace('before insert on', 'before update of name on')}
      alter table pets.cats alter constraint cats_id_fkey deferrable;`);
    const key =
      'ALTER TABLE "pets"."cats" ADD CONSTRAINT "cats_id_fkey" FOREIGN KEY (id) ' +
      'REFERENCES "pets"."cats" (id);';
    const retyped = 'ALTER TABLE "pets"."cats" ALTER COLUMN "name" SET DATA TYPE varchar(9);';
    const tables = `ALTER TABLE "pets"."cats" DROP CONSTRAINT "cats_id_fkey"; ${key} ${retyped}`;
    const { before, after } = compareSources(stateOf(made), made, { tables });
    expect(after).toHaveLength(4);
    expect(await build([key, ...make(made).after], [...before, tables, ...after])).toEqual(
      await build([key, retyped, ...make(made).after]),
    );
  });

  it('writes nothing where nothing has changed', () => {
    expect(compareSources(stateOf(old), old, { tables: undefined })).toEqual({
      before: [],
      after: [],
    });
  });

  it('puts a file of what tables need before them, as a whole', () => {
    const first = [{ name: 'first feed', text: 'select 1;', hash: hashOf('select 1;') }];
    const { before, after } = compareSources(
      new Map(),
      { first, objects: [] },
      { tables: undefined },
    );
    expect([before, after]).toEqual([['select 1;'], []]);
  });
});

describe('dropOf', () => {
  it.each([
    ['a timestamptz default now(), b integer', 'a timestamptz, b integer'],
    ['a integer[] default array[1, 2], b text[]', 'a integer[], b text[]'],
    [`a text default 'it''s, (b' , b text = ''`, 'a text, b text'],
    ['a numeric(12, 2) default (1 + (2 * 3)), out b text', 'a numeric(12, 2), out b text'],
    [`a text default 'a) returns b', "default" text`, 'a text, "default" text'],
  ])('names a function without the defaults of %s', (parameters, kept) => {
    const name = `function pets.feed(${parameters}) returns table(grams integer, at date)`;
    expect(dropOf(name)).toBe(`drop function if exists pets.feed(${kept});`);
  });
});

describe('replaceObject and dropLeftovers', () => {
  it.each(Object.entries(changes))(
    'make it on a database that has another: %s',
    async (_what, replacements) => {
      const now = changedBy(replacements);
      const replaced = [...now.objects.flatMap(replaceObject), dropLeftovers(['pets'])];
      // In one transaction, as the statements of one query are.
      const { catalog } = await build(make(sourcesOf(OLD)).after, replaced);
      expect(catalog).toEqual((await build(make(now).after)).catalog);
    },
  );

  it('leave what others have on tables of their own', async () => {
    const { objects } = sourcesOf(OLD);
    const others = `
      create schema shop; create table shop.orders (id int);
      create trigger orders_name before insert on shop.orders
      for each row execute function pets.check_name();
      create function shop.check_cat() returns trigger
      language plpgsql as $$ begin return new; end $$;
      create trigger cats_shop before insert on pets.cats
      for each row execute function shop.check_cat();`;
    const built = await build(make(sourcesOf(OLD)).after, [others]);
    expect(
      await build(
        make(sourcesOf(OLD)).after,
        [others],
        [...objects.flatMap(replaceObject), dropLeftovers(['pets'])],
      ),
    ).toEqual(built);
  });
});
