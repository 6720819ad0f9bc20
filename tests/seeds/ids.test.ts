import { expect, it } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import { seedLarge } from '../../seeds/large/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

it('gives ids that are UUIDs by RFC 9562, as strict readers want them', async () => {
  await seedDemo(database.db);
  await seedLarge(database.db, { scale: 40, seed: 1 });
  const columns = await database.db.$client.query<{ place: string; text: string }>(`
    select place, format('select %L as place from %I.%I where %I is not null', place,
      table_schema, table_name, column_name)
      || format(' and %I::text !~ ''%s'' limit 1', column_name,
        '^.{8}-.{4}-[1-8].{3}-[89ab].{3}-.{12}$') as text
    from information_schema.columns
    cross join lateral format('%s.%s', table_name, column_name) as place
    where data_type = 'uuid'
      and table_schema in ('identity', 'education', 'finance', 'marketplace', 'ai', 'platform')`);
  expect(columns.rows.length).toBeGreaterThan(50);
  const wrong = await database.db.$client.query(
    columns.rows.map(({ text }) => `(${text})`).join(' union all '),
  );
  expect(wrong.rows).toEqual([]);
});
