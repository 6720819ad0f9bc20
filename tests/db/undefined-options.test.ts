import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { transaction } from '../../src/db/transaction.ts';
import { migrate } from '../../src/migrate/index.ts';
import { listWallets } from '../../src/queries/finance/index.ts';
import { matchJobs } from '../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

// Under exactOptionalPropertyTypes, which this project has on, these calls compile only where undefined is allowed.
describe('an option that is undefined', () => {
  const userId = '00000001-0000-7000-8000-000000000001';

  it('is the same as none for connect and transaction', async () => {
    const options = { max: undefined, applicationName: undefined, statementTimeoutMs: undefined };
    const db = await connect({ url: database.url, requireMigrated: undefined, ...options });
    const read = async () => 'read';
    const settings = { isolation: undefined, accessMode: undefined, maxAttempts: undefined };
    expect(await transaction(db, read, { ...settings, deferrable: undefined })).toBe('read');
    expect(db.$client.options.max).toBe(10);
    await db.close();
  });

  it('is the same as none for migrate', async () => {
    const options = { lockTimeoutMs: undefined, lockAttempts: undefined, onProgress: undefined };
    expect(await migrate({ url: database.url, migrationsFolder: undefined, ...options })).toEqual({
      applied: [],
    });
  });

  it('is the same as none for a list', async () => {
    const page = { userId, limit: undefined, cursor: undefined };
    const none = { items: [], nextCursor: null };
    expect(await listWallets(database.db, page)).toEqual(none);
    expect(await matchJobs(database.db, { ...page, remote: undefined })).toEqual(none);
  });
});
