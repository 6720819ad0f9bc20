import { expect, it } from 'vitest';
import {
  BLOCKS_OF_GROUP,
  PLACES_OF_BLOCK,
  WHOLE_SHARE,
} from '../../../../../src/queries/marketplace/matching/blocks/layout.ts';
import { useTestDatabase } from '../../../../setup/test-database.ts';
import { storeTrades } from '../trades.ts';

const database = useTestDatabase();

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

it('a share of all that a job asks for is the same in SQL', async () => {
  const required = 8 * 1 + 1;
  expect(await run(`select marketplace.packed_share('EXPERT', ${required}, 2) as share`)).toEqual([
    { share: WHOLE_SHARE },
  ]);
});

it('blocks have as many places and groups as many blocks in SQL', async () => {
  await storeTrades(run);
  const pack = (few: string) =>
    run(`select marketplace.pack_block(array(${few}), ${BLOCKS_OF_GROUP - 1})`);
  await pack('select id from marketplace.jobs order by id limit 1');
  await pack('select id from marketplace.jobs order by id offset 1 limit 1');
  expect(await run('select slot::integer from marketplace.packed_jobs order by 1')).toEqual(
    [BLOCKS_OF_GROUP - 1, BLOCKS_OF_GROUP].map((block) => ({ slot: block * PLACES_OF_BLOCK })),
  );
  expect(await run('select distinct group_id from marketplace.packed_bounds order by 1')).toEqual([
    { group_id: 0 },
    { group_id: 1 },
  ]);
});

it('a block refuses one job more than it has places', async () => {
  const jobs = (count: number) =>
    `select marketplace.pack_block(array(select id from marketplace.jobs limit ${count}))`;
  await expect(run(jobs(PLACES_OF_BLOCK + 1))).rejects.toMatchObject({ code: '54000' });
  await expect(run(jobs(PLACES_OF_BLOCK))).resolves.toBeDefined();
});
