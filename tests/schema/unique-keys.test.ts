import { randomUUID } from 'node:crypto';
import { getTableColumns } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import {
  insertPayment,
  insertTransaction,
  insertWallet,
} from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { listUniqueKeys } from './catalog.ts';
import { factoryOf } from './factories.ts';

const database = useTestDatabase();

/** Keys over an expression: what makes another row collide with this one. */
const overExpressions: Record<string, (row: Record<string, unknown>) => Record<string, unknown>> = {
  users_email_key: ({ email }) => ({ email: String(email).toUpperCase() }),
  skills_name_key: ({ name }) => ({ name: String(name).toUpperCase() }),
  ai_personalities_name_key: ({ name }) => ({ name: String(name).toUpperCase() }),
};

/** Keys over columns that may be null: what the first row needs. */
const ofFirstRow: Record<string, () => Promise<Record<string, unknown>>> = {
  skills_source_uri_key: async () => ({ sourceUri: 'urn:example:skill' }),
  transactions_reverses_key: async () => {
    const { userId, id } = await insertTransaction(database.db);
    return { userId, reversesId: id, type: 'REVERSAL', status: 'COMPLETED' };
  },
  holds_user_id_resolution_id_key: async () => ({
    userId: (await insertWallet(database.db)).userId,
    status: 'RELEASED',
    resolutionId: randomUUID(),
    createdAt: new Date(1),
    resolvedAt: new Date(1),
  }),
  payments_user_id_transaction_id_key: async () => ({
    status: 'COMPLETED',
    transactionId: randomUUID(),
    createdAt: new Date(1),
    completedAt: new Date(1),
  }),
  mining_activities_user_id_transaction_id_key: async () => ({
    status: 'REWARDED',
    transactionId: randomUUID(),
    createdAt: new Date(1),
    verifiedAt: new Date(1),
    rewardedAt: new Date(1),
  }),
};

/** Keys of rows that triggers let be only together with others: all rows are stored as a replica would. */
const behindTriggers = new Set([
  'transactions_reverses_key',
  'holds_user_id_resolution_id_key',
  'payments_user_id_transaction_id_key',
  'mining_activities_user_id_transaction_id_key',
]);

describe('unique keys', () => {
  it('refuse a second row with the same values, each by its own name', async () => {
    const refused: Record<string, unknown> = {};
    const keys = await listUniqueKeys(database.db);
    for (const key of keys) {
      const { table, insert } = factoryOf(key.table);
      const first = await ofFirstRow[key.name]?.();
      const store = (values?: Record<string, unknown>) =>
        transaction(database.db, async (tx) => {
          if (behindTriggers.has(key.name)) {
            await tx.execute('set local session_replication_role = replica');
          }
          return insert(tx, values);
        });
      const row = await store(first);
      const same = overExpressions[key.name]?.(row) ?? pick(row, keysOfColumns(table, key.columns));
      const refusal = store(behindTriggers.has(key.name) ? { ...first, ...same } : same).then(
        () => 'stored twice',
        (error) => `${error.sqlState} ${error.constraint}`,
      );
      refused[key.name] = await refusal;
    }
    expect(keys.length).toBeGreaterThan(30);
    expect(refused).toEqual(Object.fromEntries(keys.map(({ name }) => [name, `23505 ${name}`])));
  });

  it('hold over all users for the reference of a payment provider', async () => {
    const { provider, providerReference } = await insertPayment(database.db);
    await expect(insertPayment(database.db, { provider, providerReference })).rejects.toMatchObject(
      { sqlState: '23505', constraint: 'payment_references_pkey' },
    );
    await expect(
      insertPayment(database.db, { provider: 'other', providerReference }),
    ).resolves.toMatchObject({ providerReference });
  });
});

type Table = ReturnType<typeof factoryOf>['table'];

/** The keys under which the driver's rows hold these columns. */
function keysOfColumns(table: Table, columns: readonly (string | null)[]): string[] {
  const byName = new Map(
    Object.entries(getTableColumns(table)).map(([key, column]) => [column.name, key]),
  );
  return columns.map((name) => byName.get(name ?? '') ?? `no column ${name}`);
}

function pick(row: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, row[key]]));
}
