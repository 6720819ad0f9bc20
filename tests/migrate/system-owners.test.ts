import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { defaultMigrationsFolder, readJournal } from '../../src/journal.ts';
import { migrate } from '../../src/migrate/index.ts';
import {
  auditLedger,
  deposit,
  getWallet,
  sealEntries,
  systemOwners,
  verifySeals,
} from '../../src/queries/finance/index.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases } from './databases.ts';
import { run } from './fixture.ts';

/** RFC 9562: a version of 1 to 8 and its variant. */
const RFC_9562 = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
const LAST_WITH_OLD_IDS = '0003_add_reference_data';
const USER = '0190a1b2-0000-7000-8000-000000000001';
const [MINT, EXTERNAL, FEES] = [1, 2, 4].map((n) => `00000000-0000-0000-0000-00000000000${n}`);

const emptyDatabase = useEmptyDatabases();
const folder = useTemporaryFolder();

/** A database with the first migrations only, whose system wallets have the old ids. */
async function oldDatabase(): Promise<string> {
  const url = await emptyDatabase();
  const migrationsFolder = join(folder.path, 'old');
  await cp(defaultMigrationsFolder(), migrationsFolder, { recursive: true });
  const path = join(migrationsFolder, 'meta', '_journal.json');
  const journal = JSON.parse(await readFile(path, 'utf8'));
  const count =
    1 + journal.entries.findIndex(({ tag }: { tag: string }) => tag === LAST_WITH_OLD_IDS);
  journal.entries.splice(count);
  await writeFile(path, JSON.stringify(journal));
  await migrate({ url, migrationsFolder });
  return url;
}

const post = (initiator: string, key: string, from: string, to: string, happened = 'null') => `
  select * from finance.post_transfer('${initiator}', '${key}', sha256('${key}'), 'TRANSFER',
    '${from}', '${to}', 'ZAR', 100, ${happened}, null, '{}');`;

describe('ids of system owners', () => {
  it('are UUIDs by RFC 9562, as all ids of a new database', async () => {
    for (const id of Object.values(systemOwners)) expect(id).toMatch(new RegExp(RFC_9562));
  });

  it('change in a database with money, which stays sound', async () => {
    const url = await oldDatabase();
    await run(
      url,
      `insert into identity.users (id, email, name) values ('${USER}', 'a@example.org', 'A');
       insert into finance.wallets (user_id, currency) values ('${USER}', 'ZAR');
       ${post(USER, 'in', EXTERNAL as string, USER, "now() - interval '3 days'")}
       ${post(EXTERNAL as string, 'between', EXTERNAL as string, FEES as string)}
       ${post(USER, 'fee', USER, FEES as string)}
       ${post(MINT as string, 'too much', MINT as string, USER)}`,
    );
    await migrate({ url });
    const db = await connect({ url });
    try {
      const kept = await run<{ text: string }>(
        url,
        `select tables.t || ' ' || row_text as text
         from (
           select 'wallets' as t, w::text as row_text from finance.wallets as w
           union all select 'entries', e::text from finance.entries as e
           union all select 'transactions', t::text from finance.transactions as t
           union all select 'sums', s::text from finance.occurrence_sums as s
         ) as tables
         where row_text like '%00000000-0000-0000-%'`,
      );
      expect(kept).toEqual([]);
      expect(
        await run(
          url,
          `select distinct user_id from finance.wallets where user_id::text !~ '${RFC_9562}'`,
        ),
      ).toEqual([]);
      expect(
        await run(
          url,
          `select failure_facts ->> 'userId' as id from finance.transactions
        where status = 'FAILED'`,
        ),
      ).toEqual([{ id: systemOwners.MINT }]);
      expect(await auditLedger(db)).toMatchObject({ clean: true });
      await sealEntries(db);
      expect(await verifySeals(db)).toMatchObject({ clean: true });
      await deposit(db, { userId: USER, currency: 'ZAR', amount: 5n, idempotencyKey: 'after' });
      expect(await getWallet(db, { system: 'EXTERNAL', currency: 'ZAR' })).toMatchObject({
        posted: -205n,
        userId: systemOwners.EXTERNAL,
      });
      expect(await auditLedger(db)).toMatchObject({ clean: true });
    } finally {
      await db.close();
    }
  });

  it('leave every trigger as it was', async () => {
    const url = await emptyDatabase();
    await migrate({ url });
    expect(readJournal().length).toBeGreaterThan(4);
    const disabled = await run(url, `select tgname from pg_trigger where tgenabled <> 'O'`);
    expect(disabled).toEqual([]);
  });
});
