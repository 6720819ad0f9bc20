import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import type { Database, Transaction } from '../../src/db/session.ts';
import { transaction } from '../../src/db/transaction.ts';
import { users } from '../../src/schema/identity/users.ts';
import { insertUser } from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

describe('db.query', () => {
  const find = async (db: Database | Transaction, id: string) => {
    const rows = await db.query.users.findMany({ columns: { id: true, name: true } });
    return rows.find((row) => row.id === id);
  };

  test('reads every table by its name, and in a transaction what that has written', async () => {
    const { id } = await insertUser(database.db, { name: 'Lindiwe' });
    await insertUser(database.db, { name: 'Thabo' });
    await transaction(database.db, async (tx) => {
      await tx.update(users).set({ name: 'Naledi' }).where(eq(users.id, id));
      expect(await find(tx, id)).toEqual({ id, name: 'Naledi' });
      expect(await find(database.db, id)).toEqual({ id, name: 'Lindiwe' });
    });
    expect(await find(database.db, id)).toEqual({ id, name: 'Naledi' });
  });
});
