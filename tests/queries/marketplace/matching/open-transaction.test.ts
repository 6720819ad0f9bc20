import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import {
  applyToJob,
  createJob,
  expireJobs,
  findSkillGaps,
  listJobs,
  matchJobs,
  setUserSkills,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const details = { title: 'Data engineer', description: '', company: 'Baobab', remote: true };

it('goes by the time of each call in a transaction that began long before', async () => {
  const { db } = database;
  await db.$client.query(
    `insert into identity.users (id, email, name) values ('${PERSON}', 'p@example.com', 'P')`,
  );
  await db.$client.query(
    `insert into marketplace.skills (id, name, category) values (1, 'SQL', 't'), (2, 'Go', 't')`,
  );
  await setUserSkills(db, { userId: PERSON, skills: [{ skillId: 1, level: 'EXPERT' }] });
  const skills = [
    { skillId: 1, level: 'EXPERT' as const },
    { skillId: 2, level: 'EXPERT' as const, required: true },
  ];
  const key = { userId: PERSON };

  await transaction(db, async (tx) => {
    // Here the transaction begins.
    expect(await matchJobs(tx, key)).toMatchObject({ items: [] });
    const expiresAt = new Date(Date.now() + 500);
    const brief = await createJob(db, { ...details, skills, expiresAt });
    const open = await createJob(db, { ...details, skills });
    expect(await applyToJob(tx, { ...key, jobId: open.id })).toMatchObject({ jobId: open.id });
    await sleep(expiresAt.getTime() - Date.now() + 5);
    const ids = (jobs: { jobId: string }[]) => jobs.map(({ jobId }) => jobId);
    expect(ids((await matchJobs(tx, key)).items)).toEqual([open.id]);
    expect(ids((await listJobs(tx)).items)).toEqual([open.id]);
    expect(ids((await listJobs(tx, { search: 'engineer' })).items)).toEqual([open.id]);
    expect(await findSkillGaps(tx, key)).toMatchObject([{ skillId: 2, jobCount: 1 }]);
    expect(await expireJobs(tx)).toEqual({ jobIds: [brief.id] });
  });
});
