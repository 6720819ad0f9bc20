import { beforeAll, describe, expect, it } from 'vitest';
import {
  applyToJob,
  createJob,
  listApplicationSteps,
  moveApplication,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const OTHER = '00000001-0000-7000-8000-000000000002';
const key = { userId: PERSON, jobId: '' };

beforeAll(async () => {
  const { db } = database;
  await db.$client.query(`insert into identity.users (id, email, name)
    values ('${PERSON}', 'p@example.com', 'P'), ('${OTHER}', 'o@example.com', 'O')`);
  const job = {
    title: 'Data engineer',
    description: 'Moves data',
    company: 'Baobab',
    remote: true,
  };
  key.jobId = (await createJob(db, job)).id;
  const decoy = (await createJob(db, job)).id;
  for (const other of [
    { ...key, userId: OTHER },
    { ...key, jobId: decoy },
  ]) {
    await applyToJob(db, other);
  }
  await applyToJob(db, key);
  for (const status of ['REVIEWING', 'SHORTLISTED'] as const) {
    await moveApplication(db, { ...key, status, changedBy: OTHER });
  }
});

describe('listApplicationSteps', () => {
  it('pages through the steps of one application, first step first', async () => {
    const { db } = database;
    const first = await listApplicationSteps(db, { ...key, limit: 2 });
    expect(first.items.map(({ status }) => status)).toEqual(['PENDING', 'REVIEWING']);
    const second = await listApplicationSteps(db, {
      ...key,
      limit: 2,
      cursor: first.nextCursor ?? '',
    });
    expect(second.items.map(({ position, status }) => [position, status])).toEqual([
      [3, 'SHORTLISTED'],
    ]);
    expect(second.nextCursor).toBeNull();
    expect((await listApplicationSteps(db, key)).items).toEqual([...first.items, ...second.items]);
  });

  it('is empty for who did not apply', async () => {
    const nobody = { ...key, userId: '00000001-0000-7000-8000-000000000009' };
    expect(await listApplicationSteps(database.db, nobody)).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});
