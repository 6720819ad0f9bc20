import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { instant, parseInput, uuid } from '../../../input/validate.ts';

const input = () => z.strictObject({ userId: uuid, now: instant.optional() });

/** How many days in a row a learner has been active. */
export interface Streak {
  /** The learner: a UUID. */
  userId: string;
  /** Days in a row up to today, or up to yesterday as long as today can still be added; else 0. */
  currentDays: number;
  /** The most days in a row that there ever were, from 0. */
  longestDays: number;
  /** The last day with activity, as `YYYY-MM-DD` in the time zone; null before the first. */
  lastActiveOn: string | null;
  /** The learner's time zone, such as `Africa/Johannesburg`; `UTC` where the profile has none. */
  timeZone: string;
}

const selectStreak = statement<Streak, [userId: string, now: Date | null]>(
  'select_streak',
  `select users.id as "userId",
     zone as "timeZone",
     streaks.current_days as "currentDays",
     streaks.longest_days as "longestDays",
     streaks.last_active_on as "lastActiveOn"
   from identity.users
   left join identity.user_profiles as profiles
     on profiles.user_id = users.id
   cross join lateral (select coalesce(profiles.time_zone, 'UTC') as zone) as place
   cross join lateral (
     select (coalesce($2::timestamptz, clock_timestamp()) at time zone zone)::date as today
   ) as calendar
   cross join lateral (
     select
       coalesce(
         max(days_by_today) filter (where first <= today and next_possible >= today),
         0
       ) as current_days,
       coalesce(max(days), 0) as longest_days,
       max(next) - 1 as last_active_on
     from (
       select
         min(first) as first,
         max(next) as next,
         max(next + education.is_skipped_day(next, zone)::int) as next_possible,
         sum(next - first)::int as days,
         sum(greatest(least(next, today + 1) - first, 0))::int as days_by_today
       from (
         select first, next,
           count(*) filter (where is_first is not false) over (order by first) as streak
         from (
           select lower(range) as first,
             upper(range) as next,
             lower(range) - 1 <> lag(upper(range)) over (order by range)
               or not education.is_skipped_day(lower(range) - 1, zone) as is_first
           from education.learner_days
           cross join lateral unnest(learner_days.days) as ranges (range)
           where learner_days.user_id = users.id
         ) as ranges
       ) as ranges
       group by streak
     ) as streaks
   ) as streaks
   where users.id = $1`,
);

/**
 * Returns how many days in a row a learner has been active, now and at best, in the time zone of
 * their profile. A day that the zone's calendar left out breaks no streak and counts for none. Late
 * events count for the day on which they occurred, so a gap can close; when the
 * time zone changes, all days are counted anew. Reads one row, which holds a range for each streak.
 *
 * @throws NotFoundError when there is no such user.
 */
export async function getStreak(
  db: Db,
  params: {
    /** The learner: a UUID. */
    userId: string;
    /** The instant whose day is today. Default: the server's clock. */
    now?: Date | undefined;
  },
): Promise<Streak> {
  const { userId, now } = parseInput(input, params);
  const [streak] = await selectStreak(db, [userId, now ?? null]);
  if (streak === undefined) throw new NotFoundError('user', ['userId']);
  return streak;
}
