import { describe, expect, it } from 'vitest';
import { readCatalog } from '../../../src/migrate/catalog.ts';
import { compareSources } from '../../../src/migrate/objects/changes.ts';
import type { Sources } from '../../../src/migrate/objects/read-sources.ts';
import { replaceObject } from '../../../src/migrate/objects/replace.ts';
import { compareObjects, hashOf, parseObjects } from '../../../src/migrate/objects/sql-object.ts';
import { useEmptyDatabases } from '../databases.ts';
import { run } from '../fixture.ts';

const emptyDatabase = useEmptyDatabases();

const TABLES = `
  set check_function_bodies = off;
  create schema if not exists pets;
  create table if not exists pets.cats (id int primary key, name text, place int);
`;

const OLD = `
  create type pets.meal as (grams integer);
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
  create index cats_name_idx on pets.cats (name) include (place);
  comment on table pets.cats is 'A cat';
  insert into pets.cats (id, name) values (1, 'Tom') on conflict (id) do nothing;
`;

// Each from the old text to another one.
const changes: Record<string, [from: string, to: string][]> = {
  'the body of a function': [['select cat $$', 'select cat + 1 $$']],
  'the comment on a function': [['Feeds a cat', 'Feeds the cat']],
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
  rows: [["(1, 'Tom')", "(1, 'Tom'), (2, 'Tim')"]],
};

function sourcesOf(text: string): Sources {
  const objects = parseObjects(text, 'pets.sql');
  return { first: [], objects: objects.sort((a, b) => compareObjects(a.name, b.name)) };
}

const stateOf = ({ first, objects }: Sources) =>
  new Map([...first, ...objects].map(({ name, hash }) => [name, hash]));

const make = (sources: Sources) => compareSources(new Map(), sources, { tablesChange: false });

/** The catalog after these migrations, and the rows. */
async function build(...migrations: readonly (readonly string[])[]) {
  const url = await emptyDatabase();
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
    for (const tablesChange of [false, true]) {
      const { before, after } = compareSources(stateOf(old), now, { tablesChange });
      expect([...before, ...after].join('\n')).not.toBe('');
      expect(await build(make(old).after, [...before, ...after])).toEqual(
        await build(make(now).after),
      );
    }
  });

  it('takes away what is gone, and says what it cannot', async () => {
    const none = sourcesOf('');
    const { before, after } = compareSources(stateOf(old), none, { tablesChange: false });
    const { catalog } = await build(make(old).after, [...before, ...after]);
    expect(catalog).toEqual((await build([])).catalog);
    expect(after.filter((text) => text.startsWith('-- FILL IN'))).toEqual([
      expect.stringContaining('rows pets.cats is gone'),
    ]);
  });

  it('lets a column go whose trigger changes with it', async () => {
    const now = sourcesOf(OLD.replace('before insert on', 'before update of name on'));
    const back = compareSources(stateOf(now), old, { tablesChange: true });
    expect(back.before).toEqual(['drop trigger if exists cats_name on pets.cats;']);
  });

  it('writes nothing where nothing has changed', () => {
    expect(compareSources(stateOf(old), old, { tablesChange: true })).toEqual({
      before: [],
      after: [],
    });
  });

  it('puts a file of what tables need before them, as a whole', () => {
    const first = [{ name: 'first feed', text: 'select 1;', hash: hashOf('select 1;') }];
    const { before, after } = compareSources(
      new Map(),
      { first, objects: [] },
      { tablesChange: true },
    );
    expect([before, after]).toEqual([['select 1;'], []]);
  });
});

// push has other means against these: a signature that is not made any more is a left-over.
const {
  'a parameter more': _1,
  'another name of a parameter': _2,
  'another result': _3,
  ...same
} = changes;

describe('replaceObject', () => {
  it.each(Object.entries(same))(
    'makes it on a database that has another: %s',
    async (_what, replacements) => {
      const now = changedBy(replacements);
      expect(await build(make(sourcesOf(OLD)).after, now.objects.flatMap(replaceObject))).toEqual(
        await build(make(now).after),
      );
    },
  );
});
