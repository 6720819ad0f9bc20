/** The only person in the marketplace. */
export const USER = '00000001-0000-7000-8000-000000000001';

/** Jobs are numbered from 1. */
export const jobId = (n: number) => `00000002-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/**
 * Empties the marketplace and puts two hundred jobs with four of twenty skills each into it; the first one has skills 1 to
 * 4, and the person skill 1.
 */
export async function storeTwoHundredJobs(run: (text: string) => Promise<unknown>): Promise<void> {
  await run('truncate marketplace.jobs, marketplace.skills cascade');
  await run('delete from identity.users');
  await run(
    `insert into identity.users (id, email, name) values ('${USER}', 'one@example.com', 'One')`,
  );
  await run(`insert into marketplace.skills (id, name, category)
    select n, 'skill ' || n, 'test' from generate_series(1, 20) n`);
  await run(`insert into marketplace.jobs (id, title, description, company, remote)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Job', '', 'Company', true
    from generate_series(1, 200) n`);
  await run(`insert into marketplace.job_skills (job_id, skill_id, level, required)
    select ('00000002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1 + (n - 1 + s * (1 + n / 20)) % 20, 'INTERMEDIATE', s < 2
    from generate_series(1, 200) n, generate_series(0, 3) s
    on conflict do nothing`);
  await run(
    `insert into marketplace.user_skills (user_id, skill_id, level) values ('${USER}', 1, 'EXPERT')`,
  );
}
