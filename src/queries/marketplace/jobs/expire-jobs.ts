import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { instant, limit, parseInput } from '../../../input/validate.ts';

const input = () =>
  z.strictObject({
    now: instant.optional(),
    limit: limit({ max: 10_000, fallback: 1_000 }),
  });

const expiredJobs = statement<{ id: string }, [now: Date | null, limit: number]>(
  'expired_jobs',
  `with expired_jobs as (
     select id
     from marketplace.jobs
     where status = 'ACTIVE'
       and expires_at <= coalesce($1::timestamptz, statement_timestamp())
     order by expires_at, id
     limit $2
     for no key update skip locked
   )
   update marketplace.jobs j
   set status = 'EXPIRED'
   from expired_jobs e
   where j.id = e.id
   returning j.id`,
);

/**
 * Marks active jobs whose time is over by `now`, by default the time of the call, as EXPIRED: at
 * most `limit` in one call, those whose time was over first. Returns their ids in no order; call it
 * until there are none. Matching leaves them out by their `expiresAt` even before. Skips jobs that
 * someone is changing right now.
 *
 * @throws InvalidInputError
 */
export async function expireJobs(
  db: Db,
  params: {
    /** The instant by which a job's time is over. Default: the time of the call. */
    now?: Date | undefined;
    /** How many jobs at most, from 1 to 10,000. Default 1,000. */
    limit?: number | undefined;
  } = {},
): Promise<{
  /** The jobs that this call marked, by id, in no order. */
  jobIds: string[];
}> {
  const given = parseInput(input, params);
  const rows = await expiredJobs(db, [given.now ?? null, given.limit]);
  return { jobIds: rows.map((row) => row.id) };
}
