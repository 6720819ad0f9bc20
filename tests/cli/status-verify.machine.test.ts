import { describe, expect, it } from 'vitest';
import { useEmptyDatabases, useMigratedDatabases } from '../migrate/databases.ts';
import { run } from '../migrate/fixture.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { runCli } from './run-cli.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const migratedDatabase = useMigratedDatabases();

const verify = (url: string) =>
  runCli(['status', '--verify'], { cwd: folder.path, env: { DATABASE_URL: url } });

describe('azora-db status --verify', () => {
  it('names what was damaged, and fails', async () => {
    const url = await migratedDatabase();
    expect(await verify(url)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Every object is as the migrations make it.'),
    });
    await run(
      url,
      `drop index identity.users_email_key;
       alter table finance.wallets alter held drop default;`,
    );
    const { code, stdout } = await verify(url);
    expect(code).not.toBe(0);
    expect(stdout).toContain('missing: index users_email_key on identity.users\n');
    expect(stdout).toContain('changed: column finance.wallets.held\n');
  });

  it('does not list all that missing migrations would make', async () => {
    const { code, stdout } = await verify(await emptyDatabase());
    expect(code).not.toBe(0);
    expect(stdout).toContain('Not compared');
    expect(stdout).not.toContain('missing: ');
  });
});
