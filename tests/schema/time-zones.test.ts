import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { transaction } from '../../src/db/transaction.ts';
import { insertUser, insertUserProfile } from '../../src/testing/index.ts';
import { rejection } from '../setup/errors.ts';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

async function refusal(timeZone: string) {
  const { id: userId } = await insertUser(database.db);
  return rejection(insertUserProfile(database.db, { userId, timeZone }));
}

/** The local time of an instant, to the minute. */
function inJavaScript(timeZone: string, instant: string): string {
  const format = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat('sv-SE', format).format(new Date(instant));
}

describe('the time zone of a profile', () => {
  it.each([
    ['an abbreviation', 'IST'],
    ['an abbreviation that is a zone elsewhere', 'CET'],
    ['a POSIX rule', 'UTC+3'],
    ['a POSIX rule of no zone', 'FOO+25'],
    ['a POSIX rule in the form of a name', 'Mars/Phobos+3'],
    ['an offset', '+02:00'],
    ['a name in another case', 'africa/johannesburg'],
    ['a folder of the server', 'posix/Africa/Johannesburg'],
    ['a name of no zone', 'Africa/Atlantis'],
    ['a name of no zone with a sign', 'Etc/GMT+99'],
    ['an empty name', ''],
  ])('is not %s: %s', async (_what, timeZone) => {
    expect(await refusal(timeZone)).toMatchObject({
      sqlState: '23514',
      constraint: 'user_profiles_time_zone_check',
    });
  });

  it('is any zone that the server and JavaScript read alike', async () => {
    const { rows } = await database.db.execute<{ name: string }>(
      sql`select name from pg_timezone_names where is_time_zone(name) order by name`,
    );
    expect(rows.length).toBeGreaterThan(400);
    for (const instant of ['2024-01-15T12:00:00Z', '2024-07-15T12:00:00Z']) {
      const local = await database.db.execute<{ name: string; time: string }>(sql`
        select name, to_char(${instant}::timestamptz at time zone name, 'YYYY-MM-DD HH24:MI') as time
        from pg_timezone_names where is_time_zone(name)`);
      for (const { name, time } of local.rows) {
        expect(`${name} ${inJavaScript(name, instant)}`).toBe(`${name} ${time}`);
      }
    }
  });

  it('can be looked at by a parallel scan', async () => {
    const { id: userId } = await insertUser(database.db);
    await insertUserProfile(database.db, { userId, timeZone: 'Asia/Kolkata' });
    const found = await transaction(database.db, async (tx) => {
      await tx.execute(sql`
        set local parallel_setup_cost = 0;
        set local parallel_tuple_cost = 0;
        set local min_parallel_table_scan_size = 0`);
      return tx.execute(sql`
        select count(*)::int as found from identity.user_profiles 
        where is_time_zone(time_zone) and user_id = ${userId}`);
    });
    expect(found.rows).toEqual([{ found: 1 }]);
  });
});
