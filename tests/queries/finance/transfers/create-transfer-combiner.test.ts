import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../../src/errors.ts';
import { createTransferCombiner } from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder } from '../bundle.ts';
import { move, posted } from './combining.ts';

const database = useTestDatabase({ max: 20 });

describe('createTransferCombiner', () => {
  test('gives every caller of a hot wallet the answer that transfer would give', async () => {
    const { db } = database;
    const [hot, other] = await Promise.all([createHolder(db, 150n), createHolder(db)]);
    const combiner = createTransferCombiner(db, { maxBatch: 64 });
    const answers = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => combiner.transfer(move(hot, other, 1n, `c${i % 175}`))),
    );
    await combiner.close();
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(25);
    expect(refused[0]).toMatchObject({ reason: { code: 'INSUFFICIENT_FUNDS', available: 0n } });
    expect(await posted(db, hot, other)).toEqual([0n, 150n]);
    const { rows } = await db.$client.query(
      'select count(distinct xmin::text)::integer as batches from finance.transactions where user_id = $1',
      [hot],
    );
    expect(rows[0].batches).toBeLessThan(20);
    await expect(combiner.transfer(move(hot, other, 1n, 'late'))).rejects.toMatchObject({
      code: 'COMBINER_CLOSED',
    });
  });

  test('refuses bad input to its caller alone', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 10n), createHolder(db)]);
    const combiner = createTransferCombiner(db);
    const [bad, good] = await Promise.allSettled([
      combiner.transfer(move(a, b, 0n, 'bad')),
      combiner.transfer(move(a, b, 1n, 'good')),
    ]);
    expect(bad).toMatchObject({ reason: { field: 'amount' } });
    expect(good).toMatchObject({ value: { amount: 1n } });
    await combiner.close();
  });

  test('keeps what text cannot be from its batch', async () => {
    const { db } = database;
    const [a, b] = await Promise.all([createHolder(db, 10n), createHolder(db)]);
    const combiner = createTransferCombiner(db);
    const [bad, good] = await Promise.allSettled([
      combiner.transfer({ ...move(a, b, 1n, 'bad'), metadata: { x: ['\0'] } }),
      combiner.transfer(move(a, b, 1n, 'good')),
    ]);
    expect(bad).toMatchObject({ reason: { code: 'INVALID_INPUT', field: 'metadata.x.0' } });
    expect(good).toMatchObject({ value: { amount: 1n } });
    await combiner.close();
  });

  test('is refused what is no db, as every query is', () => {
    expect(() => createTransferCombiner({} as never)).toThrow(InvalidInputError);
  });
});
