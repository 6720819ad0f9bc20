import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import {
  createJob,
  type Database,
  deposit,
  matchJobs,
  openWallet,
  packJobs,
  refreshSkillRanks,
  type SealHead,
  sealEntries,
  transaction,
  verifyJobIndex,
  verifySeals,
} from '../../src/index.ts';
import { jobId, storeTrades, USER } from '../queries/marketplace/matching/trades.ts';

const zar = { userId: USER, currency: 'ZAR' };
const pay = (db: Database) =>
  deposit(db, { ...zar, amount: 5n, idempotencyKey: randomUUID(), metadata: { ü: [1.5, null] } });

const newSkill = (name: string) =>
  `insert into marketplace.skills (name, category) values ('${name}', 'Craft') returning id`;

/** Stores the demo, packed jobs, refreshed ranks and sealed entries, and says the head of the seals. */
export async function fill(db: Database): Promise<SealHead> {
  await storeTrades((text) => db.$client.query(text));
  await seedDemo(db);
  for (const name of ['Knitting', 'Sewing', 'Weaving']) await db.$client.query(newSkill(name));
  await refreshSkillRanks(db);
  expect((await packJobs(db)).jobs).toBeGreaterThan(1_500);
  await openWallet(db, zar);
  // In USD too, and a second owner's: seals that lie in an order of owners and currencies.
  await openWallet(db, { ...zar, currency: 'USD' });
  for (let i = 0; i < 5; i += 1) await pay(db);
  await deposit(db, { ...zar, currency: 'USD', amount: 5n, idempotencyKey: randomUUID() });
  const { head } = await sealEntries(db, { entriesPerRange: 2 });
  if (head === null) throw new Error('nothing is sealed');
  await pay(db);
  return head;
}

/** The scores of all jobs that match, by job. */
export async function matches(db: Database): Promise<[string, number][]> {
  const found: [string, number][] = [];
  let cursor: string | undefined;
  do {
    const page = await matchJobs(db, { userId: USER, limit: 100, cursor });
    found.push(...page.items.map(({ jobId: id, score }): [string, number] => [id, score]));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found.sort();
}

const twin = (id: string) => `00000003${id.slice(8)}`;

const storeTwins = `
  insert into marketplace.jobs (id, title, description, company, remote, location, posted_at)
  select ('00000003' || substr(id::text, 9))::uuid, title, description, company, remote, location,
    posted_at
  from marketplace.jobs where id between '${jobId(1)}' and '${jobId(1_600)}';
  insert into marketplace.job_skills (job_id, skill_id, level, required)
  select ('00000003' || substr(job_id::text, 9))::uuid, skill_id, level, required
  from marketplace.job_skills where job_id between '${jobId(1)}' and '${jobId(1_600)}'`;

/** Writes of every kind that could rely on what a copy does not have, and sees them found again. */
export async function expectWritable(db: Database, head: SealHead): Promise<void> {
  const before = await matches(db);
  const newest = await db.$client.query('select max(id) + 1 as id from marketplace.skills');
  const { rows } = await db.$client.query(newSkill('Felting'));
  expect(rows).toEqual(newest.rows);
  const create = (tx: Parameters<typeof createJob>[0]) =>
    createJob(tx, {
      title: 'Felter',
      description: '',
      company: 'C',
      remote: true,
      skills: [{ skillId: rows[0].id, level: 'EXPERT', required: true }],
    });
  await transaction(db, create, { isolation: 'repeatable read' });
  await refreshSkillRanks(db);
  await transaction(db, create, { isolation: 'serializable' });
  await db.$client.query(storeTwins);
  expect((await packJobs(db)).jobs).toBeGreaterThan(3_000);
  const twins = before
    .filter(([id]) => id.startsWith('00000002'))
    .map(([id, score]): [string, number] => [twin(id), score]);
  expect(await matches(db)).toEqual([...before, ...twins].sort());
  expect(await verifyJobIndex(db)).toEqual({ clean: true, findings: [] });
  await pay(db);
  expect((await sealEntries(db)).sealed).toBe(4n);
  expect(await verifySeals(db, { head })).toMatchObject({ clean: true });
}
