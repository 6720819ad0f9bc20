import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '../setup/test-database.ts';

const database = useTestDatabase();

describe('functions in SQL', () => {
  // They are made without a look at their bodies, because these may name what is made after them.
  it('are valid on the finished database, whatever the search path of a session', async () => {
    const pool = await database.db.$client.connect();
    await pool.query('set search_path = nowhere');
    const { rows: functions } = await pool.query<{ name: string; definition: string }>(
      `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as definition
       from pg_proc p
       join pg_language l on l.oid = p.prolang
       where l.lanname = 'sql'
         and p.pronamespace::regnamespace::text in
           ('identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'public')
         and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
       order by 1`,
    );
    expect(functions.length).toBeGreaterThan(20);
    // As the server does it by default: `create or replace` looks at the body.
    expect((await pool.query('show check_function_bodies')).rows).toEqual([
      { check_function_bodies: 'on' },
    ]);
    const broken: string[] = [];
    for (const { name, definition } of functions) {
      await pool.query(definition).catch((error: unknown) => {
        broken.push(`${name}: ${String(error)}`);
      });
    }
    pool.release(true);
    expect(broken).toEqual([]);
  });
});
