import { jobId, USER } from './two-hundred-jobs.ts';

export { jobId, USER };

const TRADES = 4;
export const JOBS = 1_600;

/**
 * Empties the marketplace and puts jobs of four trades into it, which packJobs thinks worth packing: each trade has ten
 * skills of its own, of which a job asks for most, and two that all share. The person has skills of two trades.
 */
export async function storeTrades(run: (text: string) => Promise<unknown>): Promise<void> {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'u@example.com', 'U')`,
  );
  await run(`insert into marketplace.skills (id, name, category)
    select n, 'skill ' || n, 't' from generate_series(1, ${10 * TRADES + 2}) n`);
  await run('select setseed(0.5)');
  await run(`insert into marketplace.jobs (id, title, description, company, remote, location, posted_at)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Job', '', 'C', n % 3 = 0, 'X',
      now() - n % 50 * interval '1 minute'
    from generate_series(1, ${JOBS}) n`);
  await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, s,
      (enum_range(null::marketplace.skill_level))[1 + (n * s) % 4], s % 2 = 0
    from generate_series(1, ${JOBS}) n, generate_series(1, ${10 * TRADES + 2}) s
    where ((s - 1) / 10 = n % ${TRADES} and random() < 0.8)
    or (s > ${10 * TRADES} and random() < 0.5)`);
  await run(`insert into marketplace.user_skills (user_id, skill_id, level)
    select '${USER}', n, (enum_range(null::marketplace.skill_level))[1 + n % 4]
    from generate_series(3, 14) n`);
}
