import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../../../src/db/connect.ts';
import { transaction } from '../../../../../src/db/transaction.ts';
import { closeJob } from '../../../../../src/queries/marketplace/jobs/close-job.ts';
import { createJob } from '../../../../../src/queries/marketplace/jobs/create-job.ts';
import { setJobSkills } from '../../../../../src/queries/marketplace/jobs/set-job-skills.ts';
import { PLACES_OF_BLOCK } from '../../../../../src/queries/marketplace/matching/blocks/layout.ts';
import { packJobs } from '../../../../../src/queries/marketplace/matching/blocks/pack-jobs.ts';
import { matchJobs } from '../../../../../src/queries/marketplace/matching/match-jobs.ts';
import { verifyJobIndex } from '../../../../../src/queries/marketplace/matching/verify-job-index.ts';
import { useClones } from '../../../../setup/clones.ts';
import { JOBS, jobId, storeTrades, USER } from '../trades.ts';

const database = useClones((db) => storeTrades((text) => db.$client.query(text)));

async function run(text: string): Promise<Record<string, unknown>[]> {
  return (await database.db.$client.query(text)).rows;
}

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
    expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
    await run(`update marketplace.jobs set status = 'CLOSED' where id <= '${jobId(JOBS / 2)}'`);
    await packJobs(db);
    expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
    const [row] = await run('select count(*)::integer as packed from marketplace.packed_jobs');
    expect(row?.packed).toBeGreaterThan(JOBS / 4);
  });

  it('never meets a truncation head-on', async () => {
    const [packer, writer] = [
      await database.db.$client.connect(),
      await database.db.$client.connect(),
    ];
    try {
      for (let round = 0; round < 20; round += 1) {
        await writer.query('begin');
        const truncating = writer.query('truncate marketplace.job_skills');
        await sleep(round / 2);
        const packing = packer.query(
          `select marketplace.pack_block(array(select id from marketplace.jobs limit ${PLACES_OF_BLOCK}))`,
        );
        await truncating;
        await writer.query('rollback');
        await packing;
      }
    } finally {
      packer.release();
      writer.release();
    }
    expect(await verifyJobIndex(database.db)).toEqual({ clean: true, findings: [] });
  });

  it('goes on beside another run where repeatable read is the default', async () => {
    const { db } = database;
    await run(`do $$ begin
      execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'repeatable read');
    end $$`);
    const other = await connect({ url: database.url });
    try {
      const runs = await Promise.all([packJobs(other), packJobs(other)]);
      expect(runs.map(({ jobs }) => jobs)).toContain(JOBS);
    } finally {
      await other.close();
    }
    expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
    const [row] = await run(`select count(distinct block_id)::integer as blocks,
      (select count(distinct slot / ${PLACES_OF_BLOCK})::integer from marketplace.packed_jobs) as occupied
      from marketplace.packed_shares`);
    expect(row?.blocks).toBe(row?.occupied);
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
    expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
  });
});
