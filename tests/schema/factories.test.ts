import { randomUUID } from 'node:crypto';
import { getTableColumns } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import {
  insertEnrollment,
  insertModuleProgress,
  insertRevisionPrerequisite,
} from '../../src/testing/factories/index.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { listTables } from './catalog.ts';
import { factories, factoryOf } from './factories.ts';

const database = useTestDatabase();

describe('factories', () => {
  it('exist for every table', async () => {
    expect([...factories.keys()].sort()).toEqual((await listTables(database.db)).sort());
  });

  it.each([...factories.keys()])('store a valid row of %s, and a second one', async (name) => {
    const { table, insert } = factoryOf(name);
    const first = await insert(database.db);
    expect(Object.keys(first).sort()).toEqual(Object.keys(getTableColumns(table)).sort());
    const second = await insert(database.db);
    expect(second).not.toEqual(first);
  });

  it('refuse overrides that they could not store', async () => {
    await expect(
      insertRevisionPrerequisite(database.db, { courseId: randomUUID() }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'overrides' });
  });

  it('use the parents that they are given, and create no others', async () => {
    const { userId, courseId } = await insertEnrollment(database.db);
    const progress = await insertModuleProgress(database.db, { userId, courseId, percent: 40 });
    expect(progress).toMatchObject({ userId, courseId, percent: 40 });
  });
});
