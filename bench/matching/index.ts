import type { Database } from '../../src/db/connect.ts';
import {
  createJob,
  findSkillGaps,
  matchCandidates,
  matchJobs,
  scoreMatch,
} from '../../src/queries/marketplace/index.ts';
import { type Contender, measure, type Result } from '../lib/measure.ts';
import type { BenchOptions } from '../lib/options.ts';
import { report, type Section } from '../lib/report.ts';
import { openBenchDatabase } from '../lib/server.ts';
import { percentile } from '../lib/stats.ts';
import { escoFolder, fill, place, RARE_SALARY } from './data.ts';
import { jobId, SIZES, type Source, userId } from './market.ts';
import { joinAndGroup, overlapAndRerank, prepareOverlap } from './naive.ts';

/**
 * Matching on a million jobs, from occupations and from a power law, beside what is written first.
 */
export async function run(options: BenchOptions): Promise<void> {
  const jobs = Math.round(1_000_000 * (options.scale ?? 1));
  const sections: Section[] = [];
  let server = '';
  for (const source of ['esco', 'zipf'] as const) {
    if (options.only !== undefined && !source.includes(options.only)) continue;
    if (source === 'esco' && escoFolder() === undefined) {
      console.log('Without the ESCO files (ESCO_FOLDER) there is only the power law.');
      continue;
    }
    const bench = await openBenchDatabase(options.url, 4, `_${source}`);
    try {
      server = bench.description;
      await fill(bench, source, jobs);
      await prepareOverlap(bench.db);
      sections.push(...(await measureSource(bench.db, source, jobs, options)));
    } finally {
      await bench.close();
    }
  }
  report('matching', server, sections);
}

async function measureSource(
  db: Database,
  source: Source,
  jobs: number,
  options: BenchOptions,
): Promise<Section[]> {
  const users = Math.round(jobs / 10);
  const title = `${source}, ${jobs.toLocaleString('en')} jobs`;
  const sections: Section[] = [];
  for (const [kind, size] of SIZES.entries()) {
    const anyone = (call: number) => userId(4 * ((call * 7_919) % Math.floor(users / 4)) + kind);
    const results = await measure(contenders(db, anyone), options);
    const notes = [await compare(db, anyone), await countPages(db, anyone(1))];
    sections.push({ title: `${title}, a user with ${size} skills`, results, notes });
  }
  const anyJob = (call: number) => jobId((call * 104_729) % jobs);
  const others: Contender[] = [
    {
      name: 'matchCandidates',
      operation: (call) => matchCandidates(db, { jobId: anyJob(call) }),
    },
    {
      name: 'scoreMatch',
      operation: (call) => scoreMatch(db, { userId: userId(call % users), jobId: anyJob(call) }),
    },
  ];
  sections.push({ title: `${title}, by job`, results: await measure(others, options) });
  sections.push(await measureInserts(db, title, options));
  return sections;
}

function contenders(db: Database, anyone: (call: number) => string): Contender[] {
  const filters = {
    'remote only': () => ({ remote: true }),
    'one place, 1 job in 10,000': (call: number) => ({ location: place(call) }),
    'top salaries, 1 job in 10,000': () => ({ minSalary: RARE_SALARY, currency: 'ZAR' }),
  };
  return [
    { name: 'matchJobs', operation: (call) => matchJobs(db, { userId: anyone(call) }) },
    ...Object.entries(filters).map(
      ([name, filter]): Contender => ({
        name: `matchJobs, ${name}`,
        operation: (call) => matchJobs(db, { userId: anyone(call), ...filter(call) }),
      }),
    ),
    { name: 'findSkillGaps', operation: (call) => findSkillGaps(db, { userId: anyone(call) }) },
    { name: 'join + group by', operation: (call) => joinAndGroup(db, [anyone(call)]) },
    {
      name: 'GIN overlap + rerank (inexact)',
      operation: (call) => overlapAndRerank(db, [anyone(call)]),
    },
  ];
}

/** How much of the brute-force answer each of the two finds, over ten people. */
async function compare(db: Database, anyone: (call: number) => string): Promise<string> {
  let wanted = 0;
  let found = 0;
  let overlap = 0;
  for (let call = 1; call <= 10; call += 1) {
    const user = anyone(call);
    const exact = await joinAndGroup(db, [user]);
    const { items } = await matchJobs(db, { userId: user });
    const rough = await overlapAndRerank(db, [user]);
    wanted += exact.length;
    found += exact.filter((one, i) => items[i]?.jobId === one.jobId).length;
    overlap += exact.filter((one) => rough.some(({ jobId: id }) => id === one.jobId)).length;
  }
  return (
    `recall of matchJobs, place by place: ${(found / wanted).toFixed(4)}; ` +
    `of GIN overlap: ${(overlap / wanted).toFixed(4)}`
  );
}

async function countPages(db: Database, user: string): Promise<string> {
  const { rows } = await db.$client.query(
    `explain (analyze, buffers, timing off, format json)
    select * from marketplace.match_jobs(
      $1, 20, false, row(now(), null, null, null, null, null, null, null)::marketplace.job_filter
    )`,
    [user],
  );
  const plan = rows[0]['QUERY PLAN'][0].Plan;
  return `pages touched by one search: ${plan['Shared Hit Blocks'] + plan['Shared Read Blocks']}`;
}

/**
 * A job with ten skills, with the index and without its triggers; each takes turns in one
 * transaction of its own.
 */
async function measureInserts(
  db: Database,
  title: string,
  { runs = 5 }: BenchOptions,
): Promise<Section> {
  const { rows } = await db.$client.query<{ id: number }>(
    'select skill_id as id from marketplace.skill_ranks order by random() limit 2000',
  );
  const skills = (call: number) =>
    Array.from({ length: 10 }, (_, n) => ({
      skillId: rows[(call * 10 + n) % rows.length]?.id ?? 1,
      level: 'ADVANCED' as const,
    }));
  const details = { title: 'New', description: '', company: 'Company', remote: true };
  const times: Record<'with' | 'without', number[]> = { with: [], without: [] };
  for (let call = 0; call < 40 * runs; call += 1) {
    const kind = call % 2 === 0 ? 'with' : 'without';
    await db.transaction(async (tx) => {
      if (kind === 'without') await tx.execute('set local session_replication_role = replica');
      const before = performance.now();
      await createJob(tx, { ...details, skills: skills(call) });
      times[kind].push(performance.now() - before);
    });
  }
  const sizes = await db.$client.query(
    `select pg_size_pretty(pg_total_relation_size('marketplace.skill_postings')) as postings,
      pg_size_pretty(pg_relation_size('marketplace.skill_postings_pkey')) as key,
      pg_size_pretty(pg_total_relation_size('marketplace.job_vectors')) as vectors,
      pg_size_pretty(
        pg_total_relation_size('marketplace.packed_shares')
        + pg_total_relation_size('marketplace.packed_bounds')
        + pg_total_relation_size('marketplace.packed_jobs')
      ) as blocks,
      (select count(*) from marketplace.packed_jobs) as packed,
      pg_size_pretty(pg_total_relation_size('marketplace.job_skills')) as skills`,
  );
  const { postings, key, blocks, packed, vectors, skills: bare } = sizes.rows[0];
  return {
    title: `${title}, createJob with 10 skills`,
    results: [
      toResult('tables and index', times.with),
      toResult('bare tables (no triggers, no foreign keys)', times.without),
    ],
    notes: [
      `${packed.toLocaleString('en')} jobs packed: blocks ${blocks}, ` +
        `skill_postings ${postings} (its key alone ${key}), job_vectors ${vectors}, ` +
        `beside job_skills ${bare}`,
    ],
  };
}

function toResult(name: string, times: number[]): Result {
  const perSecond = (1_000 * times.length) / times.reduce((sum, time) => sum + time, 0);
  return {
    name,
    callers: 1,
    perSecond,
    spread: [perSecond, perSecond],
    latency: {
      p50: percentile(times, 0.5),
      p95: percentile(times, 0.95),
      p99: percentile(times, 0.99),
    },
    runs: [perSecond],
  };
}
