import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSources } from '../../../src/migrate/objects/read-sources.ts';
import { compareObjects, parseObjects } from '../../../src/migrate/objects/sql-object.ts';
import { useTemporaryFolder } from '../../setup/temporary-folder.ts';

const folder = useTemporaryFolder();

const only = (source: string) => {
  const [object, ...others] = parseObjects(source, 'pets.sql');
  expect(others).toEqual([]);
  return object;
};

const FEED = `create or replace function pets.feed(
  cat uuid, grams integer default 50, note text default 'a, b'
) returns pets.meals
language sql
as $$
  select 1; -- in the body
$$;`;

describe('parseObjects', () => {
  it.each([
    ['create extension if not exists intarray schema public;', 'extension intarray'],
    ['create type pets.meal as (grams integer);', 'type pets.meal'],
    [
      FEED,
      "function pets.feed(cat uuid, grams integer default 50, note text default 'a, b') returns pets.meals",
    ],
    [
      'create or replace function pets.weigh(cat uuid, out grams integer)\nlanguage sql as $$ select 1 $$;',
      'function pets.weigh(cat uuid, out grams integer)',
    ],
    ['alter table pets.cats set (fillfactor = 60);', 'setting pets.cats set'],
    [
      'alter table pets.cats alter column photo set storage plain;',
      'setting pets.cats alter column photo set',
    ],
    [
      'alter table pets.cats alter constraint cats_owner_fkey deferrable;',
      'setting pets.cats alter constraint cats_owner_fkey',
    ],
    [
      'alter table pets.cats add constraint cats_place_key unique (place) deferrable;',
      'constraint cats_place_key on pets.cats',
    ],
    [
      'create unique index cats_tag_idx on pets.cats (tag) include (name);',
      'index cats_tag_idx on pets.cats',
    ],
    [
      'create or replace trigger cats_touch before update on pets.cats for each row execute function pets.touch();',
      'trigger cats_touch on pets.cats',
    ],
    [
      'create constraint trigger cats_fed after insert on pets.cats for each row execute function pets.check();',
      'trigger cats_fed on pets.cats',
    ],
    [`insert into pets.moods (name) values ('CALM') on conflict do nothing;`, 'rows pets.moods'],
    [`comment on table pets.cats is 'One cat';`, 'comment table pets.cats'],
  ])('names %s', (source, name) => {
    expect(only(source)).toMatchObject({ name, text: source });
  });

  it('keeps the comments before a statement, which are no change of it', () => {
    const made = only(`-- Why.\n${FEED}`);
    expect(made?.text).toBe(`-- Why.\n${FEED}`);
    expect(made?.hash).toBe(only(FEED)?.hash);
  });

  it('takes a comment in the body for a change, because the database keeps it', () => {
    expect(only(FEED.replace('in the body', 'elsewhere'))?.hash).not.toBe(only(FEED)?.hash);
  });

  it('makes the comment on a function a part of it', () => {
    const comment = `comment on function pets.feed(uuid, integer, text) is 'Feeds';`;
    const made = only(`${FEED}\n\n${comment}`);
    expect(made?.text).toBe(`${FEED}\n\n${comment}`);
    expect(made?.hash).not.toBe(only(FEED)?.hash);
    expect(() => parseObjects(comment, 'pets.sql')).toThrow('pets.sql: the comment on pets.feed');
  });

  it.each([
    'create table pets.cats (id int);',
    'create function pets.f() returns int language sql return 1;',
    'create trigger t before update on pets.cats for each row execute function pets.f();',
    'insert into pets.moods (name) values (1);',
  ])('refuses %s, which a database could not take twice', (source) => {
    expect(() => parseObjects(source, 'pets.sql')).toThrow('pets.sql: no known form');
  });
});

describe('compareObjects', () => {
  it('puts what is needed before what needs it, and else goes by name', () => {
    const names = ['trigger b on t', 'function f()', 'comment table t', 'trigger a on t', 'type x'];
    expect(names.sort(compareObjects)).toEqual([
      'type x',
      'function f()',
      'trigger a on t',
      'trigger b on t',
      'comment table t',
    ]);
  });
});

describe('readSources', () => {
  it('takes lines that end as on Windows for the same', async () => {
    const write = (text: string) => writeFile(join(folder.path, 'feed.sql'), text);
    await write(FEED);
    const { objects } = readSources(folder.path);
    await write(FEED.replaceAll('\n', '\r\n'));
    expect(readSources(folder.path)).toEqual({ first: [], objects });
  });

  it('finds what tables need apart from the rest', () => {
    const { first, objects } = readSources();
    expect(first.map(({ name }) => name)).toEqual([
      'first fold-text',
      'first is-time-zone',
      'first uuidv7',
      'first wallet-address',
    ]);
    expect(objects.map(({ name }) => name)).toContain('trigger entries_apply on finance.entries');
  });
});
