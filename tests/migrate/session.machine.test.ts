import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../src/migrate/index.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { waitFor } from '../setup/wait-for.ts';
import { useEmptyDatabases } from './databases.ts';
import { type Files, run, tablesOf, writeMigrations } from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const write = (files: Files) => writeMigrations(join(folder.path, 'drizzle'), files);

const CATS = 'create table cats (id int);';

describe('the session of migrate', () => {
  it('ends soon after a killed deploy, and with it what it ran and every lock', async () => {
    const url = await emptyDatabase();
    const files = { '0001_cats': CATS, '0002_nap': 'lock table cats; select pg_sleep(600);' };
    const migrationsFolder = await write(files);
    const deploy = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { migrate } from ${JSON.stringify(import.meta.resolve('../../src/migrate/index.ts'))};
       await migrate(${JSON.stringify({ url, migrationsFolder })});`,
    ]);
    onTestFinished(() => void deploy.kill('SIGKILL'));
    const napping = `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`;
    await waitFor('the deploy naps', async () => (await run(url, napping)).length === 1);
    deploy.kill('SIGKILL');
    // Far below the nap, and far above the half second after which the server looks.
    await run(url, `set lock_timeout = '20s'; select from cats`);
    await write({ ...files, '0002_nap': 'select 2' });
    expect(await migrate({ url, migrationsFolder, deployTimeoutMs: 20_000 })).toEqual({
      applied: ['0002_nap'],
    });
  });

  it('has none of the timeouts of services, whoever set them', async () => {
    const url = await emptyDatabase();
    const [server] = await run<{ version: number }>(
      url,
      `select current_setting('server_version_num')::int as version`,
    );
    const names = ['statement_timeout', 'idle_in_transaction_session_timeout'];
    if (Number(server?.version) >= 170_000) names.push('transaction_timeout');
    const database = new URL(url).pathname.slice(1);
    for (const name of names) await run(url, `alter database ${database} set ${name} = '100ms'`);
    const nap = '\n--> statement-breakpoint\nselect pg_sleep(0.3);';
    const migrationsFolder = await write({
      '0001_cats': CATS + nap,
      '0002_nap': `-- azora-db: no-transaction\nselect 1;${nap}`,
    });
    expect((await migrate({ url, migrationsFolder })).applied).toHaveLength(2);
    expect(await tablesOf(url)).toEqual(['cats']);
  });
});
