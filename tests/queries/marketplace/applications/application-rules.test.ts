import { beforeEach, describe, expect, it } from 'vitest';
import {
  applyToJob,
  closeJob,
  createJob,
  listApplicationSteps,
  moveApplication,
  withdrawApplication,
} from '../../../../src/queries/marketplace/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { waitFor } from '../../../setup/wait-for.ts';

const database = useTestDatabase();

const PERSON = '00000001-0000-7000-8000-000000000001';
const RECRUITER = '00000001-0000-7000-8000-000000000002';
const OTHER = '00000001-0000-7000-8000-000000000003';
const DAY = 86_400_000;
const details = { title: 'Data engineer', description: '', company: 'Baobab', remote: true };

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

const plain = (text: string) => database.db.execute(text);
const broken = (rule: string) => ({
  sqlState: '23514',
  constraint: `job_applications_${rule}_check`,
});
const appendOnly = { sqlState: '23001', constraint: 'application_steps_append_only' };

let jobId: string;
const key = () => ({ userId: PERSON, jobId });
const steps = async () =>
  (await listApplicationSteps(database.db, key())).items.map(({ status, changedBy }) => [
    status,
    changedBy,
  ]);

beforeEach(async () => {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(`insert into identity.users (id, email, name) values
    ('${PERSON}', 'p@example.com', 'P'), ('${RECRUITER}', 'r@example.com', 'R'), ('${OTHER}', 'o@example.com', 'O')`);
  jobId = (await createJob(database.db, details)).id;
});

describe('applying', () => {
  it('is refused for a job that is over by the clock, whatever time the caller gives', async () => {
    const over = await createJob(database.db, {
      ...details,
      postedAt: new Date(Date.now() - 9 * DAY),
      expiresAt: new Date(Date.now() - DAY),
    });
    const appliedAt = new Date(Date.now() - 5 * DAY);
    await expect(
      applyToJob(database.db, { userId: PERSON, jobId: over.id, appliedAt }),
    ).rejects.toMatchObject(broken('job_open'));
  });

  it('takes a late application, but none before the job was posted', async () => {
    const job = await createJob(database.db, {
      ...details,
      postedAt: new Date(Date.now() - 9 * DAY),
      expiresAt: new Date(Date.now() + DAY),
    });
    const apply = (days: number) =>
      applyToJob(database.db, {
        userId: PERSON,
        jobId: job.id,
        appliedAt: new Date(Date.now() - days * DAY),
      });
    await expect(apply(10)).rejects.toMatchObject(broken('after_posted'));
    expect(await apply(5)).toMatchObject({ status: 'PENDING' });
  });

  it('is refused for a deleted user, and for one who is deleted at that moment', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query(`update identity.users set deleted_at = now() where id = '${PERSON}'`);
      const applied = applyToJob(database.db, key()).catch((error: unknown) => error);
      await untilOneWaits();
      await client.query('commit');
      expect(await applied).toMatchObject(broken('user_active'));
    } finally {
      client.release();
    }
    await expect(applyToJob(database.db, key())).rejects.toMatchObject(broken('user_active'));
    expect(await applyToJob(database.db, { ...key(), userId: OTHER })).toMatchObject({ jobId });
  });

  it('waits for a job that is closing, and is refused', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query(`update marketplace.jobs set status = 'CLOSED' where id = '${jobId}'`);
      const applied = applyToJob(database.db, key()).catch((error: unknown) => error);
      await untilOneWaits();
      await client.query('commit');
      expect(await applied).toMatchObject(broken('job_open'));
    } finally {
      client.release();
    }
    expect(await run('select from marketplace.job_applications')).toEqual([]);
  });

  it('keeps the job from closing until it is committed', async () => {
    const client = await database.db.$client.connect();
    try {
      await client.query('begin');
      await client.query(
        `insert into marketplace.job_applications (user_id, job_id) values ('${PERSON}', '${jobId}')`,
      );
      const closed = closeJob(database.db, { jobId });
      await untilOneWaits();
      await client.query('commit');
      expect(await closed).toMatchObject({ status: 'CLOSED' });
    } finally {
      client.release();
    }
    expect(await run('select from marketplace.job_applications')).toHaveLength(1);
  });
});

async function untilOneWaits() {
  await waitFor('one statement waits for a lock', async () => {
    const [row] = await run(
      `select count(*)::int from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return row?.count === 1;
  });
}

describe('the course of an application', () => {
  beforeEach(async () => {
    await applyToJob(database.db, key());
  });

  it.each([
    ['step', `status = 'OFFERED'`],
    ['step', `status = 'OFFERED', status_changed_by = '${RECRUITER}'`],
    ['step', `status = 'OFFERED', status_changed_at = clock_timestamp(), status_changed_by = null`],
    ['step', `status_changed_by = '${RECRUITER}'`],
    ['step', `status_changed_by = null`],
    ['step', `status_changed_at = status_changed_at - interval '1 day'`],
    ['author', `status = 'OFFERED', status_changed_at = clock_timestamp()`],
    [
      'author',
      `withdrawn_at = clock_timestamp(), status_changed_at = clock_timestamp(), status_changed_by = '${RECRUITER}'`,
    ],
    [
      'forward',
      `status = 'OFFERED', withdrawn_at = clock_timestamp(), status_changed_at = clock_timestamp()`,
    ],
  ])('breaks the rule %s by plain SQL: set %s', async (rule, assignments) => {
    await expect(
      plain(`update marketplace.job_applications set ${assignments}`),
    ).rejects.toMatchObject(broken(rule));
    expect(await steps()).toEqual([['PENDING', PERSON]]);
  });

  it('moves by plain SQL with time and author', async () => {
    await plain(`update marketplace.job_applications
      set status = 'REVIEWING', status_changed_at = clock_timestamp(), status_changed_by = '${RECRUITER}'`);
    expect(await steps()).toEqual([
      ['PENDING', PERSON],
      ['REVIEWING', RECRUITER],
    ]);
  });

  it('lets applicants answer an offer and nothing else', async () => {
    const { db } = database;
    await expect(
      moveApplication(db, { ...key(), status: 'SHORTLISTED', changedBy: PERSON }),
    ).rejects.toMatchObject(broken('author'));
    await moveApplication(db, { ...key(), status: 'OFFERED', changedBy: RECRUITER });
    await moveApplication(db, { ...key(), status: 'ACCEPTED', changedBy: PERSON });
    expect(await steps()).toEqual([
      ['PENDING', PERSON],
      ['OFFERED', RECRUITER],
      ['ACCEPTED', PERSON],
    ]);
  });

  it.each([
    `update marketplace.application_steps set changed_by = '${OTHER}'`,
    'update marketplace.application_steps set changed_by = null',
    `update marketplace.application_steps set changed_at = now() - interval '1 day'`,
    'delete from marketplace.application_steps where position = 1',
    'truncate marketplace.application_steps',
  ])('is written once: "%s" is refused', async (text) => {
    const before = await run('select * from marketplace.application_steps');
    await expect(plain(text)).rejects.toMatchObject(appendOnly);
    expect(await run('select * from marketplace.application_steps')).toEqual(before);
  });

  it('forgets a deleted author and goes with its application', async () => {
    const { db } = database;
    await moveApplication(db, { ...key(), status: 'REVIEWING', changedBy: RECRUITER });
    await moveApplication(db, { ...key(), status: 'SHORTLISTED', changedBy: OTHER });
    await plain(`delete from identity.users where id in ('${RECRUITER}', '${OTHER}')`);
    expect(await steps()).toEqual([
      ['PENDING', PERSON],
      ['REVIEWING', null],
      ['SHORTLISTED', null],
    ]);
    expect(await run('select status_changed_by from marketplace.job_applications')).toEqual([
      { status_changed_by: null },
    ]);
    await plain(`delete from identity.users where id = '${PERSON}'`);
    expect(await run('select from marketplace.application_steps')).toEqual([]);
  });

  it('stays as long as its user, so that nobody applies again', async () => {
    const { db } = database;
    await moveApplication(db, { ...key(), status: 'REJECTED', changedBy: RECRUITER });
    expect(await rejection(plain('delete from marketplace.job_applications'))).toMatchObject({
      sqlState: '23001',
      constraint: 'job_applications_stay',
    });
  });

  it.each([
    ['another status', `3, 'ACCEPTED', false, '${RECRUITER}', status_changed_at`],
    ['the same status again', `3, 'REVIEWING', false, '${RECRUITER}', status_changed_at`],
    ['another author', `3, 'REVIEWING', false, '${OTHER}', status_changed_at`],
    ['a gap', `9, 'ACCEPTED', false, '${RECRUITER}', status_changed_at`],
    ['a place before it', `-1, 'REVIEWING', false, '${RECRUITER}', status_changed_at`],
  ])('has no forged step: %s', async (_what, values) => {
    const { db } = database;
    await moveApplication(db, { ...key(), status: 'REVIEWING', changedBy: RECRUITER });
    const forged = plain(`insert into marketplace.application_steps
        (user_id, job_id, position, status, withdrawn, changed_by, changed_at)
      select user_id, job_id, ${values} from marketplace.job_applications`);
    expect(await rejection(forged)).toMatchObject({
      sqlState: '23514',
      constraint: 'application_steps_taken_check',
    });
  });

  it.each([
    ['ACCEPTED', `status, status_changed_by) values ($1, $2, 'ACCEPTED', $1)`],
    ['REVIEWING', `status) values ($1, $2, 'REVIEWING')`],
    ['withdrawn', `withdrawn_at) values ($1, $2, now())`],
  ])('is not born %s, but where an owner imports a history', async (_what, values) => {
    const text = `insert into marketplace.job_applications (user_id, job_id, ${values}`
      .replaceAll('$1', `'${OTHER}'`)
      .replaceAll('$2', `'${jobId}'`);
    expect(await rejection(plain(text))).toMatchObject(broken('forward'));
    await run(`begin; set local azora.import_history = 'on'; ${text}; commit`);
    expect(
      await run(`select from marketplace.application_steps where user_id = '${OTHER}'`),
    ).toHaveLength(1);
  });

  it('goes on after a step whose time is ahead of the clock', async () => {
    const { db } = database;
    const other = { userId: OTHER, jobId };
    const appliedAt = new Date(Date.now() + DAY);
    await applyToJob(db, { ...other, appliedAt });
    const moved = await moveApplication(db, {
      ...other,
      status: 'REVIEWING',
      changedBy: RECRUITER,
    });
    expect(moved.statusChangedAt.getTime()).toBeGreaterThanOrEqual(appliedAt.getTime());
    const withdrawn = await withdrawApplication(db, other);
    expect(withdrawn).toMatchObject({ status: 'REVIEWING', statusChangedBy: OTHER });
  });
});
