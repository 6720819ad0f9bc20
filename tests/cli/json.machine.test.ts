import { beforeAll, describe, expect, it, vi } from 'vitest';
import { seedDemo } from '../../seeds/demo/index.ts';
import { readMigrations } from '../../src/migrate/migration-files.ts';
import { useEmptyDatabases } from '../migrate/databases.ts';
import { run } from '../migrate/fixture.ts';
import { plant } from '../queries/finance/audit/planting.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { runCli } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const database = useTestDatabase();
beforeAll(() => seedDemo(database.db));

const tags = readMigrations().map(({ tag }) => tag);

/** The one document that is on standard output, with the code that the process ended with. */
async function json(args: string[], url = '') {
  const env: Record<string, string> = url === '' ? {} : { DATABASE_URL: url };
  const { code, stdout, stderr } = await runCli([...args, '--json'], { cwd: folder.path, env });
  return { code, stderr, document: JSON.parse(stdout) };
}

const place = (url: string) => ({
  name: new URL(url).pathname.slice(1),
  host: new URL(url).hostname,
  port: Number(new URL(url).port),
});

describe('azora-db status --json', () => {
  it('names every migration by how it stands, and says 4 for pending, 0 for none', async () => {
    const url = await emptyDatabase();
    const none = { late: [], edited: [], deleted: [], ahead: [] };
    expect(await json(['status'], url)).toEqual({
      code: 4,
      stderr: '',
      document: {
        command: 'status',
        ok: false,
        exitCode: 4,
        database: place(url),
        migrations: { applied: [], pending: tags, ...none },
      },
    });
    expect(await json(['status'], database.url)).toMatchObject({
      code: 0,
      document: {
        ok: true,
        exitCode: 0,
        database: place(database.url),
        migrations: { applied: tags, pending: [], ...none },
      },
    });
  });

  it('says 3 for migrations that are others', async () => {
    const url = await emptyDatabase();
    await run(
      url,
      `create schema azora_db;
       create table azora_db.migrations (id serial, hash text, created_at bigint);
       insert into azora_db.migrations (hash, created_at) values ('gone', 1)`,
    );
    expect(await json(['status'], url)).toMatchObject({
      code: 3,
      document: { ok: false, migrations: { deleted: [1] } },
    });
  });
});

describe.each([
  ['audit', ['ledger', 'seals']],
  ['verify', ['ledger', 'seals', 'progress', 'job index']],
  ['doctor', ['migrations', 'objects', 'ledger', 'seals', 'progress', 'job index']],
])('azora-db %s --json', (command, checks) => {
  it('says what it looked at and found: 0 for nothing, 3 for findings', async () => {
    const clean = await json([command], database.url);
    expect(clean).toMatchObject({
      code: 0,
      document: {
        command,
        ok: true,
        exitCode: 0,
        database: place(database.url),
        clean: true,
        checks,
        findings: [],
      },
    });
    await plant(database.db, 'update finance.wallets set posted = posted + 1');
    const { code, document } = await json([command], database.url);
    await plant(database.db, 'update finance.wallets set posted = posted - 1');
    expect({ code, document }).toMatchObject({ code: 3, document: { ok: false, clean: false } });
    expect(document.findings[0]).toEqual({
      check: 'ledger',
      kind: expect.any(String),
      keys: expect.objectContaining({ currency: expect.any(String) }),
      field: expect.toBeOneOf([expect.any(String), null]),
      expected: expect.any(String),
      actual: expect.any(String),
    });
  });
});

describe('azora-db --json, when it fails', () => {
  it.each<[string, string[], string, number, object]>([
    ['no server', ['status'], '', 5, { name: 'CliError', code: 'NO_SERVER' }],
    [
      'a server that is down',
      ['audit'],
      'postgres://u:S3cret@127.0.0.1:1/x',
      5,
      { name: 'ConnectError', code: 'SERVER_DOWN' },
    ],
    ['a URL that is none', ['status'], 'nonsense', 5, { code: 'URL_MALFORMED' }],
    ['an option that is none', ['verify', '--heed'], '', 2, { code: 'USAGE' }],
    ['a value that is none', ['doctor', '--head', 'x'], '', 2, { code: 'USAGE' }],
  ])('prints the error as the document: %s', async (_what, args, url, exitCode, error) => {
    const { code, document, stderr } = await json(args, url);
    expect({ code, document }).toMatchObject({
      code: exitCode,
      document: { command: args[0], ok: false, exitCode, error },
    });
    // People read it as ever.
    expect(stderr).toContain(document.error.message);
    expect(stderr + JSON.stringify(document)).not.toContain('S3cret');
  });

  it('says 4 where data cannot be looked at before a migration', async () => {
    const found = await json(['verify'], await emptyDatabase());
    expect(found).toMatchObject({ code: 4, document: { error: { code: 'NOT_MIGRATED' } } });
  });
});
