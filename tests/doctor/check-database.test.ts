import { beforeAll, describe, expect, test } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import { checkDatabase, type DatabaseCheck, sealEntries } from '../../src/index.ts';
import { plant } from '../queries/finance/audit/planting.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

beforeAll(async () => {
  await seedDemo(database.db);
  await sealEntries(database.db);
});

describe('checkDatabase', () => {
  test('makes every check, and finds nothing wrong with the demo', async () => {
    const checks: DatabaseCheck[] = [];
    const onCheck = (check: DatabaseCheck) => checks.push(check);
    expect(await checkDatabase(database.db, { onCheck })).toEqual({ clean: true, findings: [] });
    expect(checks).toEqual(['migrations', 'objects', 'ledger', 'seals', 'progress', 'job index']);
  });

  test.each([
    [
      'ledger',
      'update finance.wallets set posted = posted + 1',
      'update finance.wallets set posted = posted - 1',
    ],
    [
      'seals',
      `update finance.transactions set description = coalesce(description, '') || '!'`,
      `update finance.transactions set description = nullif(left(description, -1), '')`,
    ],
    [
      'progress',
      'update education.course_statistics set active = active + 1',
      'update education.course_statistics set active = active - 1',
    ],
    [
      'job index',
      'update marketplace.job_vectors set total_weight = total_weight + 1',
      'update marketplace.job_vectors set total_weight = total_weight - 1',
    ],
  ])('names what is wrong: %s', async (check, fault, cure) => {
    await plant(database.db, fault);
    const { clean, findings } = await checkDatabase(database.db, { limit: 1 });
    await plant(database.db, cure);
    expect({ clean, findings }).toMatchObject({ clean: false, findings: [{ check }] });
    expect(await checkDatabase(database.db)).toMatchObject({ clean: true });
  });

  test('refuses a head that is none before it looks at anything', async () => {
    const onCheck = () => expect.unreachable();
    const head = { number: 1n, hash: 'no hash' };
    await expect(checkDatabase(database.db, { head, onCheck })).rejects.toMatchObject({
      name: 'InvalidInputError',
      field: 'head.hash',
    });
  });
});
