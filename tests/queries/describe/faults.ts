import { and, eq, gt, lt } from 'drizzle-orm';
import { bigint, integer, pgEnum, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { prepared } from '../../../src/db/prepared.ts';
import { statement } from '../../../src/db/statement.ts';

/*
 * Statements for compare.test.ts: each tells the truth, or one lie.
 */

export const ddl = `
  create type mood as enum ('GLAD', 'SAD');
  create table items (
    id integer primary key, amount bigint not null, price numeric not null, mood mood not null,
    label text, sold_at timestamptz, digest bytea, details jsonb not null, tags text[] not null
  );
  create table notes (item_id integer not null, note text not null);
  create function list_items(lowest bigint) returns setof items
  language sql begin atomic select * from items where amount >= lowest; end;`;

type Mood = 'GLAD' | 'SAD';

interface Item {
  id: number;
  amount: bigint;
  price: string;
  mood: Mood;
  label: string | null;
  soldAt: Date | null;
  digest: Buffer | null;
  details: { size: number };
  tags: string[];
}

statement<Item, [ids: readonly number[], soldAt: Date | null, mood: Mood, details: string]>(
  'truth',
  `select id, amount, price, mood, label, sold_at as "soldAt", digest, details, tags
   from items
   where id = any ($1)
     and sold_at > $2
     and mood = $3
     and details @> $4`,
);
statement<{ id: number; note: string | null; noted: string; of: number }, []>(
  'truth_joined',
  `with noted_items as (select i.id, n.note from items i left join notes n on n.item_id = i.id)
   select o.id, o.note, n.note as noted, n.item_id as "of"
   from noted_items o
   join notes n on n.item_id = o.id`,
);
statement<{ id: number; label: string | null; place: bigint }, [lowest: bigint]>(
  'truth_function',
  'select id, label, ordinality as place from list_items($1) with ordinality',
);
statement<{ word: string; line: string | null }, [word: string, line: string | null]>(
  'truth_parameter',
  'select $1::text as word, $2::text as line',
);
statement<object, [id: number]>('truth_nothing', 'delete from items where id = $1');

statement<{ size: bigint }, []>('renamed', 'select amount from items');
statement<{ amount: number }, []>('retyped', 'select amount from items');
statement<{ tags: number[] }, []>('retyped_array', 'select tags from items');
statement<{ mood: 'GLAD' | 'SAD' | 'ANGRY' }, []>('enum_grown', 'select mood from items');
statement<{ mood: 'GLAD' }, []>('enum_shrunk', 'select mood from items');
statement<{ moods: Mood[] }, []>('enum_array', 'select array_agg(mood) as moods from items');
statement<{ label: string }, []>('nullable', 'select label from items');
statement<{ label: string }, [lowest: bigint]>(
  'nullable_function',
  'select label from list_items($1)',
);
statement<{ note: string }, []>(
  'nullable_joined',
  'select n.note from items i left join notes n on n.item_id = i.id',
);
statement<{ id: number; note: string }, []>(
  'nullable_right',
  'select i.id, n.note from items i right join notes n on n.item_id = i.id',
);
statement<{ id: number; note: string }, []>(
  'nullable_full',
  'select i.id, n.note from items i full join notes n on n.item_id = i.id',
);
statement<{ note: string; items: bigint }, []>(
  'nullable_grouped',
  `select n.note, count(*) as items
   from items i
   left join notes n on n.item_id = i.id
   group by n.note`,
);
statement<{ id: number; label: string }, [id: number]>(
  'nullable_returned',
  `with updated_items as (update items set amount = 1 where id = $1 returning id, label)
   select id, label from updated_items`,
);
statement<{ word: string }, []>(
  'nullable_union',
  'select note as word from notes union all select label from items',
);
statement<{ word: string }, [word: string | null]>('nullable_parameter', 'select $1::text as word');
statement<{ amount: bigint | null }, []>('never_null', 'select amount from items');
statement<{ amount?: bigint }, []>('optional', 'select amount from items');
statement<{ id: number }, []>('twice', 'select id, id from items');
statement<{ id: number }, []>('more', 'select id, amount from items');
statement<object, []>('row_undeclared', 'select id from items');
statement<{ id: number }>('values_undeclared', 'select id from items where id = $1');

// Labels that come from a list, from the callers of a function, and with the type that the callers
// give.
[
  { label: 'listed', text: 'select id from items' },
  { label: 'listed_too', text: 'select label as id from items' },
].map(({ label, text }) => statement<{ id: number }, []>(label, text));
function countRows(label: string, table: string): () => string {
  return statement<{ rows: bigint }, []>(label, `select count(*) from ${table}`).toString;
}
countRows('made', 'items');
function selectAll<Row extends object>(label: string) {
  return statement<Row, []>(label, 'select label from items');
}
selectAll<{ label: string }>('made_typed');

interface Noted {
  note: string | null;
}
statement<Noted, []>('shared_never', 'select note from notes');
statement<Noted, []>('shared_at_times', 'select label as note from items');

statement<object, [id: string]>('parameter_retyped', 'delete from items where id = $1');
statement<object, [mood: Mood | 'ANGRY']>('parameter_enum', 'delete from items where mood = $1');
statement<object, [soldAt: number]>('parameter_date', 'delete from items where sold_at = $1');
statement<object, [tags: string]>('parameter_array', 'delete from items where tags = $1');
statement<object, [details: object]>('parameter_json', 'delete from items where details = $1');
statement<object, [id: number, amount: bigint]>(
  'parameter_missing',
  'delete from items where id = $1',
);
statement<object, []>('refused', 'delete from articles');

const moods = pgEnum('mood', ['GLAD', 'SAD']);
const items = pgTable('items', {
  id: integer('id').notNull(),
  amount: bigint('amount', { mode: 'bigint' }).notNull(),
  mood: moods('mood').notNull(),
  label: text('label'),
  soldAt: timestamp('sold_at', { withTimezone: true, mode: 'date' }),
});
const untrue = pgTable('items', {
  id: bigint('id', { mode: 'bigint' }).notNull(),
  soldAt: timestamp('sold_at', { withTimezone: true, mode: 'date' }).notNull(),
  label: integer('label'),
});

prepared(
  'truth_prepared',
  { soldAt: items.soldAt, id: items.id, limit: 'count' },
  (query, { id, soldAt, limit }) =>
    query
      .select()
      .from(items)
      .where(and(eq(items.mood, 'GLAD'), gt(items.id, id), lt(items.soldAt, soldAt)))
      .limit(limit),
);
prepared('lies_prepared', { label: untrue.label }, (query, { label }) =>
  query
    .select({ id: untrue.id, soldAt: untrue.soldAt })
    .from(untrue)
    .where(eq(untrue.label, label)),
);
