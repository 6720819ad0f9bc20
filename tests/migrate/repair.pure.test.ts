import { expect, test } from 'vitest';
import { planRepair } from '../../src/migrate/repair.ts';

const missing = (object: string, expected: string) => ({
  kind: 'missing' as const,
  object,
  expected,
  actual: null,
});

test('planRepair puts keys before what needs them, and comments last', () => {
  const { statements, refused } = planRepair([
    missing(
      'comment on table column shop.cats.name',
      `comment on table column shop.cats.name is 'It''s'`,
    ),
    missing('trigger t on shop.cats', 'trigger CREATE TRIGGER t AFTER INSERT ON shop.cats'),
    missing(
      'constraint f on shop.toys',
      'constraint f on shop.toys FOREIGN KEY (cat) REFERENCES shop.cats(id)',
    ),
    missing('index i on shop.cats', 'index CREATE UNIQUE INDEX i ON shop.cats USING btree (id)'),
    missing('constraint p on shop.cats', 'constraint p on shop.cats PRIMARY KEY (id)'),
    missing('table shop.dogs', 'table shop.dogs'),
  ]);
  expect(statements).toEqual([
    'drop trigger if exists t on shop.cats',
    'alter table shop.cats add constraint p PRIMARY KEY (id)',
    'CREATE UNIQUE INDEX IF NOT EXISTS i ON shop.cats USING btree (id)',
    'alter table shop.toys add constraint f FOREIGN KEY (cat) REFERENCES shop.cats(id)',
    'CREATE TRIGGER t AFTER INSERT ON shop.cats',
    `comment on column shop.cats.name is 'It''s'`,
  ]);
  expect(refused.map(({ object }) => object)).toEqual(['table shop.dogs']);
});
