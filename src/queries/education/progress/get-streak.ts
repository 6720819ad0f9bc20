import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';

const input = z.strictObject({ userId: uuid, now: instant.optional() });

export interface Streak {
  userId: string;
  /** Days in a row up to today, or up to yesterday as long as today can still be added; else 0. */
  currentDays: number;
  longestDays: number;
  /** As `YYYY-MM-DD` in the learner's time zone. */
  lastActiveOn: string | null;
  timeZone: string;
}

const selectStreak = statement<Streak, [userId: string, now: Date | null]>(
  'select_streak',
  `select users.id as "userId",
     coalesce(profiles.time_zone, 'UTC') as "timeZone",
     streaks.current_days as "currentDays",
     streaks.longest_days as "longestDays",
     streaks.last_active_on as "lastActiveOn"
   from identity.users
   left join identity.user_profiles as profiles
     on profiles.user_id = users.id
   cross join lateral (
     select (
       coalesce($2::timestamptz, clock_timestamp())
         at time zone coalesce(profiles.time_zone, 'UTC')
     )::date as today
   ) as calendar
   cross join lateral (
     select
       coalesce(max(least(upper(streak), today + 1) - lower(streak))
         filter (where lower(streak) <= today and upper(streak) >= today), 0) as current_days,
       coalesce(max(upper(streak) - lower(streak)), 0) as longest_days,
       max(upper(streak) - 1) as last_active_on
     from education.learner_days
     cross join lateral unnest(learner_days.days) as ranges (streak)
     where learner_days.user_id = users.id
   ) as streaks
   where users.id = $1`,
);

/**
 * Returns how many days in a row a learner has been active, now and at best, in the time zone of
 * their profile. Late events count for the day on which they occurred, so a gap can close; when the
 * time zone changes, all days are counted anew. Reads one row, which holds a range for each streak.
 *
 * @throws NotFoundError when there is no such user.
 */
export async function getStreak(
  db: Db,
  params: { userId: string; now?: Date | undefined },
): Promise<Streak> {
  const { userId, now } = parseInput(input, params);
  const [streak] = await selectStreak(db, [userId, now ?? null]);
  if (streak === undefined) throw new NotFoundError('user', ['userId']);
  return streak;
}
