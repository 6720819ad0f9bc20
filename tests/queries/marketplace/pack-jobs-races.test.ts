import { beforeEach, describe, expect, it } from 'vitest';
import { closeJob } from '../../../src/queries/marketplace/close-job.ts';
import { createJob } from '../../../src/queries/marketplace/create-job.ts';
import { matchJobs } from '../../../src/queries/marketplace/match-jobs.ts';
import { packJobs } from '../../../src/queries/marketplace/pack-jobs.ts';
import { setJobSkills } from '../../../src/queries/marketplace/set-job-skills.ts';
import { verifyJobIndex } from '../../../src/queries/marketplace/verify-job-index.ts';
import { transaction } from '../../../src/transaction.ts';
import { useTestDatabase } from '../../setup/test-database.ts';
import { JOBS, jobId, storeTrades, USER } from './trades.ts';

const database = useTestDatabase();

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

beforeEach(() => storeTrades(run));

describe('packJobs beside others', () => {
  it('never shows a reader a job twice or not at all', async () => {
    const { db } = database;
    const before = await matchJobs(db, { userId: USER, limit: 100 });
    let isPacking = true;
    const packAndUnpack = async () => {
      for (let round = 0; round < 4; round += 1) {
        expect(await packJobs(db)).toEqual({ jobs: JOBS });
        await run(`select marketplace.unpack_jobs(${2 ** 31 - 1}, ${JOBS})`);
      }
    };
    const packing = packAndUnpack().finally(() => {
      isPacking = false;
    });
    let reads = 0;
    while (isPacking) {
      expect(await matchJobs(db, { userId: USER, limit: 100 })).toEqual(before);
      reads += 1;
    }
    await packing;
    expect(reads).toBeGreaterThan(4);
  });

  it('loses nothing beside another run and writers of the same jobs', async () => {
    const { db } = database;
    let isPacking = true;
    const write = async (writer: number) => {
      for (let n = writer; isPacking; n += 7) {
        const id = jobId(1 + (n % JOBS));
        const skills = [{ skillId: 1 + (n % 40), level: 'EXPERT' as const }];
        if (n % 3 === 0) await setJobSkills(db, { jobId: id, skills });
        else if (n % 3 === 1) await closeJob(db, { jobId: id });
        else
          await createJob(db, { title: 'N', description: '', company: 'C', remote: true, skills });
      }
    };
    const writing = [1, 2, 3, 4].map(write);
    await Promise.all([packJobs(db), packJobs(db)]).finally(() => {
      isPacking = false;
    });
    await Promise.all(writing);
    expect(await verifyJobIndex(db)).toEqual([]);
    await run(`update marketplace.jobs set status = 'CLOSED' where id <= '${jobId(JOBS / 2)}'`);
    await packJobs(db);
    expect(await verifyJobIndex(db)).toEqual([]);
    const [row] = await run('select count(*)::integer as packed from marketplace.packed_jobs');
    expect(row?.packed).toBeGreaterThan(JOBS / 4);
  });

  it('makes a writer whose snapshot is older begin again', async () => {
    const { db } = database;
    const attempts: number[] = [];
    await transaction(
      db,
      async (tx) => {
        await matchJobs(tx, { userId: USER });
        attempts.push(1);
        if (attempts.length === 1) await packJobs(db);
        await setJobSkills(tx, { jobId: jobId(4), skills: [{ skillId: 3, level: 'BEGINNER' }] });
      },
      { isolation: 'repeatable read' },
    );
    expect(attempts).toHaveLength(2);
    expect(await verifyJobIndex(db)).toEqual([]);
  });
});
