import { expect, it } from 'vitest';
import { executorOf } from '../../src/db/session.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

interface Made {
  id: string;
  before: number;
  after: number;
}

/** One at a time, with the server's clock around each. */
async function make(count: number): Promise<Made[]> {
  const { rows } = await executorOf(database.db).query(
    `select
       id::text,
       floor(extract(epoch from before) * 1000)::float8 as before,
       floor(extract(epoch from clock_timestamp()) * 1000)::float8 as after
     from generate_series(1, $1::int) as number
     cross join lateral (
       -- The reference to number asks for a new id for each; offset keeps the calls apart.
       select clock_timestamp() as before, uuidv7() as id, number as made_for
       offset 0
     ) as made
     order by number`,
    [count],
  );
  return rows;
}

const millisOf = (id: string) => Number.parseInt(id.replace('-', '').slice(0, 12), 16);

it('makes UUIDs of version 7 and the RFC variant', async () => {
  const made = await make(1_000);
  expect(made).toHaveLength(1_000);
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(made.filter(({ id }) => !form.test(id))).toEqual([]);
});

it('carries the millisecond in which it was made', async () => {
  const made = await make(1_000);
  // PostgreSQL 18 may run ahead of the clock by less than a millisecond, to stay in order.
  const astray = made.filter(({ id, before, after }) => {
    const millis = millisOf(id);
    return millis < before || millis > after + 1;
  });
  expect(astray).toEqual([]);
});

it('sorts by time: ids of different milliseconds stand in the order in which they were made', async () => {
  const ids = (await make(20_000)).map(({ id }) => id);
  const millis = ids.map(millisOf);
  expect(millis).toEqual(millis.toSorted((a, b) => a - b));
  expect(new Set(millis).size).toBeGreaterThan(1);
});

it('keeps the order of microseconds within a millisecond', async () => {
  const ids = (await make(5_000)).map(({ id }) => id);
  // 12 bits of the fraction of a millisecond, of which 10 are microseconds.
  const micros = ids.map((id) => id.replaceAll('-', '').slice(0, 12) + id.slice(15, 18));
  expect(micros).toEqual(micros.toSorted());
});

it('never makes the same one twice, also within one microsecond', async () => {
  const ids = (await make(20_000)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(20_000);
  // The random part takes all values: each of its 62 bits is set in some and clear in others.
  const tails = ids.map(
    (id) => BigInt(`0x${id.replaceAll('-', '').slice(16)}`) & ((1n << 62n) - 1n),
  );
  expect(tails.reduce((any, tail) => any | tail, 0n)).toBe((1n << 62n) - 1n);
  expect(tails.reduce((all, tail) => all & tail, (1n << 62n) - 1n)).toBe(0n);
});
