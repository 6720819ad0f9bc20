import { describe, expect, it } from 'vitest';
import { findTransactionControl, isConcurrent, splitStatements } from '../../src/db/sql-text.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';

describe('splitStatements', () => {
  it('divides at semicolons, and leaves comments out', () => {
    expect(splitStatements('a -- one; two\n; /* x; /* y; */ z; */ b ;; -- end')).toEqual([
      'a',
      'b',
    ]);
  });

  it.each([
    `select 'a;''b', '\\'`,
    `select E'a\\';b'`,
    `select E'a'\n'\\';b'`,
    `select E'a' -- c\r\n 'b' \n -- d\n'\\'; rollback and chain; --'`,
    `alter table "a;""b" add c int`,
    'do $$ begin; end $$',
    'do $body$ $$ ; $$ $body$',
    'select a$b$c, d$b$e',
    'create function f() returns int begin atomic select case when true then 1 end; select 2; end',
    'create procedure p() begin atomic end',
  ])('keeps whole: %s', (text) => {
    expect(splitStatements(`${text}; select 1`)).toEqual([text, 'select 1']);
  });

  it('ends a comment where the line ends, on any system', () => {
    expect(splitStatements('-- one\rselect 1; -- two\r\nselect 2')).toEqual([
      'select 1',
      'select 2',
    ]);
  });

  it.each(["'", "E'", '"'])('reads 20 MB between %s', (quote) => {
    const text = `select ${quote}${'x'.repeat(20_000_000)}${quote.at(-1)}`;
    expect(splitStatements(`${text}; select 1`).map(({ length }) => length)).toEqual([
      text.length,
      8,
    ]);
  });

  it('reads to the end what is never closed', () => {
    for (const text of [`select 'a; b`, 'select $$ a', 'select "a']) {
      expect(splitStatements(text).join(';')).toContain('a');
    }
    expect(splitStatements('select /* a; b')).toEqual(['select']);
  });
});

describe('isConcurrent', () => {
  it.each([
    'create index concurrently if not exists a on b (c);',
    '-- Why.\nCREATE /* not */ UNIQUE INDEX CONCURRENTLY on b (c)',
    'drop index concurrently a',
    'reindex (verbose) table concurrently b',
    'refresh materialized view concurrently v',
    'alter table t detach partition s.p concurrently',
    'alter table t detach partition "my part" concurrently',
  ])('is true of: %s', (text) => {
    expect(isConcurrent(text)).toBe(true);
  });

  it.each([
    '-- The index is built concurrently in the next file.\nalter table b add d int;',
    `comment on index a is 'built concurrently'`,
    'create index a on b (c) /* concurrently */',
    'create index concurrently a on b (c); alter table b add d int;',
  ])('is false of: %s', (text) => {
    expect(isConcurrent(text)).toBe(false);
  });
});

describe('findTransactionControl', () => {
  it.each([
    ['create table a (); COMMIT;', 'COMMIT'],
    ['-- Why.\nbegin; select 1', 'begin'],
    ['start  transaction', 'start  transaction'],
    ['end', 'end'],
    ['rollback', 'rollback'],
    ['abort', 'abort'],
    [`prepare transaction 'a'`, 'prepare transaction'],
  ])('finds it in: %s', (text, found) => {
    expect(findTransactionControl(text)).toBe(found);
  });

  it.each([
    'savepoint a; rollback to a; rollback work to savepoint a; release a',
    'do $$ begin commit; end $$',
    'create function f() returns int begin atomic select 1; end;',
    `comment on table a is 'x;commit'`,
    '-- commit;\nselect 1',
    'set transaction isolation level serializable',
  ])('finds none in: %s', (text) => {
    expect(findTransactionControl(text)).toBeUndefined();
  });

  it('finds none in the migrations that this package ships', () => {
    for (const { tag, statements } of readMigrations()) {
      expect([tag, statements.map(findTransactionControl).filter(Boolean)]).toEqual([tag, []]);
    }
  });
});
