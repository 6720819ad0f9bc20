import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getMigrationStatus, listPendingMigrations, migrate } from '../../src/migrate/index.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases } from './databases.ts';
import { type Files, run, writeMigrations } from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const write = (files: Files) => writeMigrations(join(folder.path, 'drizzle'), files);
const nothing = { applied: [], pending: [], late: [], edited: [], deleted: [], ahead: [] };

describe('getMigrationStatus', () => {
  it('finds all pending on an empty database, and creates nothing there', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_a': 'select 1', '0002_b': 'select 2' });
    expect(await getMigrationStatus({ url, migrationsFolder })).toEqual({
      ...nothing,
      pending: ['0001_a', '0002_b'],
    });
    expect(await run(url, `select from pg_namespace where nspname = 'drizzle'`)).toEqual([]);
  });

  it('tells applied, pending, late, edited, deleted and newer migrations apart', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_same': 'select 1',
      '0002_gone': 'select 2',
      '0003_edited': 'select 3',
      '0005_same': 'select 5',
    });
    await migrate({ url, migrationsFolder });
    await write({
      '0001_same': 'select 1',
      '0003_edited': 'select 33',
      '0004_late': 'select 4',
      '0005_same': 'select 5',
      '0006_new': 'select 6',
    });
    expect(await getMigrationStatus({ url, migrationsFolder })).toEqual({
      applied: ['0001_same', '0005_same'],
      pending: ['0006_new'],
      late: ['0004_late'],
      edited: ['0003_edited'],
      deleted: [2000],
      ahead: [],
    });
    await write({ '0001_same': 'select 1', '0002_gone': 'select 2', '0003_edited': 'select 3' });
    expect(await getMigrationStatus({ url, migrationsFolder })).toEqual({
      ...nothing,
      applied: ['0001_same', '0002_gone', '0003_edited'],
      ahead: [5000],
    });
  });
});

describe('listPendingMigrations', () => {
  it('lists what migrate would apply, in order', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_a': 'select 1' });
    await migrate({ url, migrationsFolder });
    await write({ '0001_a': 'select 1', '0002_b': 'select 2', '0003_c': 'select 3' });
    expect(await listPendingMigrations({ url, migrationsFolder })).toEqual(['0002_b', '0003_c']);
  });
});
