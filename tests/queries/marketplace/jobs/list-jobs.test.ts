import { beforeEach, describe, expect, it } from 'vitest';
import {
  closeJob,
  createJob,
  type ListJobsParams,
  listJobApplications,
  listJobs,
  listUserApplications,
  matchJobs,
} from '../../../../src/queries/marketplace/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

const database = useTestDatabase();

const USER = '00000001-0000-7000-8000-000000000001';
const JOB = '00000002-0000-7000-8000-000000000001';
const NOW = new Date('2026-06-01T00:00:00Z');
const details = { title: 'Data engineer', description: 'Moves data', company: 'Baobab' };

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

beforeEach(async () => {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'u@example.com', 'U')`,
  );
});

describe('listJobs', () => {
  const listed = async (params: ListJobsParams) =>
    (await listJobs(database.db, { now: NOW, ...params })).items.map(({ title }) => title);

  // The title says what each job is for; each filter has decoys that come close.
  async function createDecoys() {
    const postedAt = new Date('2026-05-01T00:00:00Z');
    const pay = { salaryMin: 10n, salaryMax: 30n, currency: 'ZAR' };
    const made = [
      { title: 'remote', remote: true },
      { title: 'remote in Durban', remote: true, location: 'Durban' },
      { title: 'in Durban', location: 'DURBAN' },
      { title: 'near Durban', location: 'Durban North' },
      { title: 'paid 30 ZAR', location: 'X', ...pay },
      { title: 'paid 29 ZAR', location: 'X', ...pay, salaryMax: 29n },
      { title: 'paid from 30 ZAR', location: 'X', ...pay, salaryMin: 30n, salaryMax: null },
      { title: 'paid 30 USD', location: 'X', ...pay, currency: 'USD' },
      { title: 'ending now', location: 'X', expiresAt: NOW },
      { title: 'ending soon', location: 'X', expiresAt: new Date(NOW.getTime() + 1) },
    ];
    for (const job of made) await createJob(database.db, { ...details, ...job, postedAt });
    const gone = await createJob(database.db, { ...details, title: 'deleted', location: 'X' });
    await run(`update marketplace.jobs set deleted_at = now() where id = '${gone.id}'`);
    const closed = await createJob(database.db, { ...details, title: 'closed', location: 'X' });
    await closeJob(database.db, { jobId: closed.id });
  }

  it.each<[string, ListJobsParams, string[]]>([
    ['remote ones', { remote: true }, ['remote', 'remote in Durban']],
    ['ones at a place, in any case', { location: 'durban' }, ['in Durban', 'remote in Durban']],
    ['ones at a place that are not remote', { location: 'durban', remote: false }, ['in Durban']],
    ['ones paid in a currency', { currency: 'USD' }, ['paid 30 USD']],
    [
      'ones whose pay goes up to an amount',
      { currency: 'ZAR', minSalary: 30n },
      ['paid 30 ZAR', 'paid from 30 ZAR'],
    ],
    ['ones that are not over', { location: 'x', search: 'ending' }, ['ending soon']],
    [
      'ones that were not over at a time before',
      { location: 'x', search: 'ending', now: new Date(NOW.getTime() - 1) },
      ['ending now', 'ending soon'],
    ],
    ['ones with words in the title', { search: 'remote durban' }, ['remote in Durban']],
    ['ones without a word', { search: 'durban -remote -near' }, ['in Durban']],
    ['ones with either word', { search: 'usd or "ending soon"' }, ['ending soon', 'paid 30 USD']],
    ['none for a word that nobody wrote', { search: 'zebra' }, []],
  ])('finds %s, and no decoy', async (_, params, titles) => {
    await createDecoys();
    expect((await listed(params)).sort()).toEqual(titles);
  });

  it('lists all that are open when nothing is asked', async () => {
    await createDecoys();
    const titles = await listed({});
    expect(titles).toHaveLength(9);
    expect(titles).not.toEqual(expect.arrayContaining(['deleted']));
  });
});

describe('pages', () => {
  beforeEach(async () => {
    await run(`insert into marketplace.skills (id, name, category)
      select n, 'skill ' || n, 't' from generate_series(1, 5) n`);
    await run(`insert into marketplace.user_skills (user_id, skill_id, level)
      select '${USER}', n, 'EXPERT' from generate_series(1, 5) n`);
    await run(`insert into marketplace.jobs (title, description, company, remote, posted_at)
      select 'Job ' || n, '', 'C', true, timestamptz '2026-01-01' + n / 7 * interval '1 microsecond'
      from generate_series(1, 200) n`);
    await run(`insert into marketplace.job_skills (job_id, skill_id, level)
      select id, n, 'BEGINNER' from marketplace.jobs, generate_series(1, 2) n`);
  });

  it.each([
    ['listJobs', (cursor?: string) => listJobs(database.db, { limit: 7, cursor })],
    ['matchJobs', (cursor?: string) => matchJobs(database.db, { userId: USER, limit: 7, cursor })],
  ])('of %s end and never repeat a job while jobs come, change and go', async (_, read) => {
    let isReading = true;
    const change = async () => {
      while (isReading) {
        await run(`delete from marketplace.jobs
          where id in (select id from marketplace.jobs order by random() limit 2)`);
        await run(`update marketplace.job_skills set level = 'EXPERT', skill_id = 5
          where skill_id = 1
          and job_id in (select id from marketplace.jobs order by random() limit 2)`);
        await run(`with j as (
            insert into marketplace.jobs (title, description, company, remote)
            values ('New', '', 'C', true) returning id
          )
          insert into marketplace.job_skills (job_id, skill_id, level) select id, 1, 'EXPERT' from j`);
      }
    };
    const changes = change();
    const seen: string[] = [];
    try {
      let cursor: string | undefined;
      do {
        const page = await read(cursor);
        seen.push(...page.items.map(({ jobId }) => jobId));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
    } finally {
      isReading = false;
      await changes;
    }
    expect(seen.length).toBeGreaterThan(50);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('stay whole when jobs were posted in the same microsecond', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listJobs(database.db, { limit: 3, cursor });
      seen.push(...page.items.map(({ jobId }) => jobId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    const all = await run('select id from marketplace.jobs order by posted_at desc, id desc');
    expect(seen).toEqual(all.map(({ id }) => id));
  });
});

describe('a forged cursor', () => {
  const { stringify } = JSON;
  const forge = (list: string, position: unknown[]) =>
    Buffer.from(stringify([list, position])).toString('base64url');

  it.each([
    ['listJobs', (cursor: string) => listJobs(database.db, { cursor }), 'jobs', []],
    [
      'listJobApplications',
      (cursor: string) => listJobApplications(database.db, { jobId: JOB, cursor }),
      'job_applications',
      [],
    ],
    [
      'listUserApplications',
      (cursor: string) => listUserApplications(database.db, { userId: USER, cursor }),
      'user_applications',
      [],
    ],
    [
      'matchJobs',
      (cursor: string) => matchJobs(database.db, { userId: USER, cursor }),
      'match_jobs',
      [5],
    ],
  ] satisfies [string, (cursor: string) => Promise<unknown>, string, number[]][])(
    'of %s is refused before the server sees it',
    async (_, read, list, before) => {
      for (const text of ['garbage', '2026-02-30 00:00:00+00', '2026-01-01 25:00:00+00', '']) {
        await expect(read(forge(list, [...before, text, JOB]))).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          field: 'cursor',
        });
      }
      await read(forge(list, [...before, '2026-02-28 23:59:59.123456+05:30', JOB]));
    },
  );

  it('of matchJobs with a score that is no integer of the database is refused', async () => {
    const cursor = forge('match_jobs', [3_000_000_000, '2026-02-28 23:59:59+00', JOB]);
    await expect(matchJobs(database.db, { userId: USER, cursor })).rejects.toMatchObject({
      field: 'cursor',
    });
  });
});
