import { describe, expect, it } from 'vitest';
import { executorOf } from '../../src/db/session.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { readCatalog } from './catalog.ts';
import { factoryOf } from './factories.ts';
import { forbidden } from './forbidden.ts';

const database = useTestDatabase();

const run = (statement: string) => executorOf(database.db).query(statement);

interface Trigger {
  name: string;
  table: string;
}

function listTriggers(routine: string): Promise<Trigger[]> {
  return readCatalog<Trigger>(
    database.db,
    `select tgname as name, tgrelid::regclass::text as table
     from pg_trigger
     join pg_class on pg_class.oid = tgrelid
     where relnamespace = any($1::text[]::regnamespace[])
       and tgfoid = '${routine}()'::regprocedure
       and not tgisinternal
       and tgparentid = 0
     order by name`,
  );
}

describe('append-only triggers', () => {
  it('are all tried here', async () => {
    const triggers = await listTriggers('platform.forbid_change');
    expect(triggers.map(({ name }) => name)).toEqual(Object.keys(forbidden));
  });

  const cases = Object.values(forbidden).flatMap(({ table, row = {}, statements }) =>
    statements.map((statement) => ({ table, row, statement })),
  );
  it.each(cases)('refuse "$statement", from the owner too', async ({ table, row, statement }) => {
    await factoryOf(table).insert(database.db, row);
    const read = async () => (await run(`select * from ${table} order by 1, 2`)).rows;
    const before = await read();
    await expect(run(statement)).rejects.toMatchObject({
      sqlState: '23001',
      constraint: `${table.split('.')[1]}_append_only`,
    });
    expect(await read()).toEqual(before);
  });

  it('let a transaction change until it is final', async () => {
    const { insert } = factoryOf('finance.transactions');
    const { id } = await insert(database.db, { status: 'PENDING' });
    const { rowCount } = await run(
      `update finance.transactions set status = 'CANCELLED' where id = '${id}'`,
    );
    expect(rowCount).toBe(1);
  });

  it('let a payment change in everything but its reference', async () => {
    const { id } = await factoryOf('finance.payments').insert(database.db);
    const { rowCount } = await run(
      `update finance.payments set description = 'for a course' where id = '${id}'`,
    );
    expect(rowCount).toBe(1);
  });
});

describe('the balance of entries', () => {
  it('is asked of each statement: one leg alone is refused', async () => {
    const entry = await factoryOf('finance.entries').insert(database.db);
    await expect(
      run(
        `insert into finance.entries
           (user_id, currency, version, transaction_user_id, transaction_id, amount, posted_after, recorded_at)
         values (
           '${entry.userId}', 'ZAR', 2, '${entry.transactionUserId}', '${entry.transactionId}', 1, 101, now()
         )`,
      ),
    ).rejects.toMatchObject({ sqlState: '23514', constraint: 'entries_balance_check' });
  });
});

describe('updated_at', () => {
  it('moves with every real change of a row, and with no other', async () => {
    const triggers = await listTriggers('platform.touch_updated_at');
    expect(triggers.length).toBeGreaterThan(10);
    for (const { table } of triggers) {
      await factoryOf(table).insert(database.db);
      const touched = (assignment: string) =>
        run(
          `update ${table} set created_at = ${assignment}
           where ctid = (select max(ctid) from ${table})
           returning updated_at > statement_timestamp() as moved`,
        );
      const same = (await touched('created_at')).rows;
      const changed = (await touched(`created_at - interval '1 minute'`)).rows;
      expect({ table, moved: same.map(({ moved }) => moved) }).toEqual({
        table,
        moved: same.map(() => false),
      });
      expect({ table, moved: changed.map(({ moved }) => moved) }).toEqual({
        table,
        moved: changed.map(() => true),
      });
    }
  });

  it('has such a trigger in every table that has the column, but where a hot path sets it', async () => {
    const rows = await readCatalog<{ name: string }>(
      database.db,
      `select table_schema || '.' || table_name as name
       from information_schema.columns
       where table_schema = any($1)
         and column_name = 'updated_at'`,
    );
    const touched = new Set(
      (await listTriggers('platform.touch_updated_at')).map(({ table }) => table),
    );
    const bare = rows.map(({ name }) => name).filter((name) => !touched.has(name));
    expect(bare.sort()).toEqual(['education.enrollments', 'finance.wallets']);
  });
});
