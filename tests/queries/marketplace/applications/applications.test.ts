import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  applyToJob,
  closeJob,
  createJob,
  endorseSkill,
  expireJobs,
  listApplicationSteps,
  listJobApplications,
  listJobs,
  listUserApplications,
  moveApplication,
  setUserSkills,
  updateJob,
  verifySkill,
  withdrawApplication,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const OTHER = '00000001-0000-7000-8000-000000000002';
const details = {
  title: 'Data engineer',
  description: 'Moves data',
  company: 'Baobab',
  remote: true,
};

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

beforeEach(async () => {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(`insert into identity.users (id, email, name)
    values ('${PERSON}', 'p@example.com', 'P'), ('${OTHER}', 'o@example.com', 'O')`);
  await run(
    `insert into marketplace.skills (id, name, category) values (1, 'SQL', 't'), (2, 'Go', 't')`,
  );
  await setUserSkills(database.db, {
    userId: PERSON,
    skills: [{ skillId: 1, level: 'INTERMEDIATE' }],
  });
});

describe('applyToJob', () => {
  it('stores the match score of that moment and takes one application a user', async () => {
    const { db } = database;
    const job = await createJob(db, {
      ...details,
      skills: [
        { skillId: 1, level: 'INTERMEDIATE' },
        { skillId: 2, level: 'EXPERT' },
      ],
    });
    const applied = await applyToJob(db, { userId: PERSON, jobId: job.id });
    expect(applied).toMatchObject({
      status: 'PENDING',
      matchScore: 5_000,
      statusChangedBy: PERSON,
    });
    await expect(applyToJob(db, { userId: PERSON, jobId: job.id })).rejects.toMatchObject({
      constraint: 'job_applications_pkey',
    });
    await setUserSkills(db, { userId: PERSON, skills: [] });
    const { items } = await listUserApplications(db, { userId: PERSON });
    expect(items).toEqual([applied]);
    expect((await listJobApplications(db, { jobId: job.id })).items).toEqual([applied]);
    expect((await listUserApplications(db, { userId: OTHER })).items).toEqual([]);
  });

  it('refuses a job that is closed, and one that is over', async () => {
    const { db } = database;
    const closed = await createJob(db, details);
    await closeJob(db, { jobId: closed.id });
    const over = await createJob(db, {
      ...details,
      postedAt: new Date('2026-01-01'),
      expiresAt: new Date('2026-01-02'),
    });
    for (const jobId of [closed.id, over.id]) {
      await expect(applyToJob(db, { userId: PERSON, jobId })).rejects.toMatchObject({
        sqlState: '23514',
        constraint: 'job_applications_job_open_check',
      });
    }
    expect(await expireJobs(db, { now: new Date('2026-01-01T12:00:00Z') })).toEqual({ jobIds: [] });
    expect(await expireJobs(db)).toEqual({ jobIds: [over.id] });
  });
});

describe('moveApplication', () => {
  it('goes only forward, and writes down each step with who took it', async () => {
    const { db } = database;
    const job = await createJob(db, details);
    const key = { userId: PERSON, jobId: job.id };
    await applyToJob(db, key);
    await moveApplication(db, { ...key, status: 'SHORTLISTED', changedBy: OTHER });
    await moveApplication(db, { ...key, status: 'SHORTLISTED', changedBy: PERSON });
    const back = moveApplication(db, { ...key, status: 'REVIEWING', changedBy: OTHER });
    await expect(back).rejects.toMatchObject({ constraint: 'job_applications_forward_check' });
    await moveApplication(db, { ...key, status: 'REJECTED', changedBy: OTHER });
    await expect(withdrawApplication(db, key)).rejects.toMatchObject({
      constraint: 'job_applications_forward_check',
    });
    const { items: steps } = await listApplicationSteps(db, key);
    expect(steps.map(({ position, status, changedBy }) => [position, status, changedBy])).toEqual([
      [1, 'PENDING', PERSON],
      [2, 'SHORTLISTED', OTHER],
      [3, 'REJECTED', OTHER],
    ]);
  });

  it('never goes back in time, when who applied had a clock ahead of the server', async () => {
    const { db } = database;
    const appliedAt = new Date(Date.now() + 3_600_000);
    const moved = { userId: PERSON, jobId: (await createJob(db, details)).id };
    await applyToJob(db, { ...moved, appliedAt });
    expect(
      await moveApplication(db, { ...moved, status: 'REVIEWING', changedBy: OTHER }),
    ).toMatchObject({ status: 'REVIEWING', statusChangedAt: appliedAt });
    expect(await withdrawApplication(db, moved)).toMatchObject({
      statusChangedAt: appliedAt,
      withdrawnAt: appliedAt,
    });
  });

  it('moves nothing after the withdrawal', async () => {
    const { db } = database;
    const job = await createJob(db, details);
    const key = { userId: PERSON, jobId: job.id };
    await applyToJob(db, key);
    const withdrawn = await withdrawApplication(db, key);
    expect(await withdrawApplication(db, key)).toEqual(withdrawn);
    const move = moveApplication(db, { ...key, status: 'OFFERED', changedBy: OTHER });
    await expect(move).rejects.toMatchObject({ constraint: 'job_applications_forward_check' });
    expect((await listApplicationSteps(db, key)).items).toHaveLength(2);
  });
});

describe('endorseSkill and verifySkill', () => {
  it('count an endorser once and nobody for themselves', async () => {
    const { db } = database;
    const skill = { userId: PERSON, skillId: 1 };
    expect(await endorseSkill(db, { ...skill, endorserId: OTHER })).toEqual({ added: true });
    expect(await endorseSkill(db, { ...skill, endorserId: OTHER })).toEqual({ added: false });
    await expect(endorseSkill(db, { ...skill, endorserId: PERSON })).rejects.toMatchObject({
      field: 'endorserId',
    });
    const own = run(`insert into marketplace.skill_endorsements (user_id, skill_id, endorser_id)
      values ('${PERSON}', 1, '${PERSON}')`);
    await expect(own).rejects.toMatchObject({ constraint: 'skill_endorsements_by_other_check' });
    expect(await verifySkill(db, { ...skill, verifierId: OTHER })).toMatchObject({
      endorsements: 1,
    });
    await run('delete from marketplace.skill_endorsements');
    expect(await run('select endorsements from marketplace.user_skills')).toEqual([
      { endorsements: 0 },
    ]);
  });

  it("verify by the server's clock, whatever that of this process says", async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-01-01') });
    try {
      const { verifiedAt } = await verifySkill(database.db, { userId: PERSON, skillId: 1 });
      const [clock] = await run("select now() - interval '1 minute' as recently");
      expect(Number(verifiedAt)).toBeGreaterThan(Number(clock?.recently));
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('listJobs', () => {
  it('finds by words, newest first, page by page, and leaves closed jobs out', async () => {
    const { db } = database;
    const made = [];
    for (const day of [1, 2, 3]) {
      made.push(await createJob(db, { ...details, postedAt: new Date(Date.UTC(2026, 0, day)) }));
    }
    const [first, second, third] = made.map(({ id }) => id) as [string, string, string];
    await createJob(db, { ...details, title: 'Baker', description: 'Bread', company: 'Oven' });
    await closeJob(db, { jobId: second, filled: true });
    const page = await listJobs(db, { search: 'engineering data', limit: 1 });
    expect(page.items.map(({ jobId }) => jobId)).toEqual([third]);
    const rest = await listJobs(db, { search: 'engineering data', cursor: page.nextCursor ?? '' });
    expect(rest.items.map(({ jobId }) => jobId)).toEqual([first]);
    expect(rest.nextCursor).toBeNull();
    await updateJob(db, { jobId: first, changes: { title: 'Gardener', description: '' } });
    expect((await listJobs(db, { search: 'engineer' })).items).toHaveLength(1);
    expect((await listJobs(db)).items).toHaveLength(3);
  });
});
