import { insertUser } from '@azora/db/testing';
import { useTestDatabase } from '@azora/db/testing/vitest';
import { expect, test } from 'vitest';
import { orders } from './schema.ts';

const database = useTestDatabase({ also: './drizzle' });

test('an order of a test user', async () => {
  const { id: buyerId } = await insertUser(database.db);
  const stored = await database.db
    .insert(orders)
    .values({ buyerId, item: 'a book', price: 2_500n })
    .returning();
  expect(stored).toMatchObject([{ buyerId, price: 2_500n }]);
});
