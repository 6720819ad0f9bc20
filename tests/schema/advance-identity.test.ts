import { beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase({ max: 8 });

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

const insert = (name: string, count = 1) =>
  run(`insert into marketplace.skills (name, category)
    select '${name} ' || n, 'Craft' from generate_series(1, ${count}) n returning id`);
const isCaughtUp = () => run('select * from platform.lagging_sequences()');

// As after logical replication: rows and a sequence that knows nothing of them.
beforeEach(async () => {
  await run('truncate marketplace.skills cascade');
  await run(`select setval('marketplace.skills_id_seq', 1001, false)`);
  await run(`insert into marketplace.skills (id, name, category)
    select n, 'copied ' || n, 'Craft' from generate_series(1001, 1100) n`);
});

describe('the ids of skills', () => {
  it('go on after rows that came without their sequence', async () => {
    expect(await isCaughtUp()).toEqual([
      {
        sequence_name: 'marketplace.skills_id_seq',
        table_name: 'marketplace.skills',
        column_name: 'id',
        greatest_value: 1100n,
        next_value: 1001n,
      },
    ]);
    expect(await insert('new', 2)).toEqual([{ id: 1101 }, { id: 1102 }]);
    expect(await insert('newer')).toEqual([{ id: 1103 }]);
    expect(await isCaughtUp()).toEqual([]);
  });

  it('are each drawn once when several insert at the same time', async () => {
    const rows = await Promise.all(
      Array.from({ length: 24 }, (_, caller) => insert(`of ${caller}`, 5)),
    );
    expect(new Set(rows.flat().map(({ id }) => id)).size).toBe(120);
    expect(await isCaughtUp()).toEqual([]);
  });

  it('leave those of seeds and those far away alone', async () => {
    await run('truncate marketplace.skills cascade');
    await run(`insert into marketplace.skills (id, name, category)
      values (7, 'of a seed', 'Craft'), (268435455, 'far away', 'Craft')`);
    expect(await insert('new')).toEqual([{ id: 1001 }]);
    expect(await isCaughtUp()).toEqual([]);
  });
});
