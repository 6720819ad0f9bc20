import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findEmbedded, startEmbedded, stopEmbedded } from '../../src/embedded/index.ts';
import { useMadeData } from '../embedded/made-data.ts';
import { open } from '../migrate/fixture.ts';
import { queryOne } from '../setup/query.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { failureOf, runCli, spawnCli, waitForOutput } from './run-cli.ts';

// Each command is a process that loads the library.
vi.setConfig({ testTimeout: 240_000 });

const folder = useTemporaryFolder();
const copyMadeData = useMadeData();
const dataDir = () => join(folder.path, '.azora', 'postgres-18');
const cli = (args: string[], env: Record<string, string> = {}) =>
  runCli(args, { cwd: folder.path, env });

// Before the folder goes: hooks of one kind run in reverse order.
afterEach(async () => {
  await stopEmbedded(dataDir());
});

describe('azora-db without DATABASE_URL', () => {
  it('starts the embedded server for what needs one, leaves it running, and stops it', async () => {
    expect(await cli(['status'])).toMatchObject({ code: 5, stdout: '' });
    expect(await cli(['url'])).toMatchObject({ code: 5, stdout: '' });
    const setup = await cli(['setup']);
    expect(setup).toMatchObject({ code: 0 });
    expect(setup.stderr).toContain('starting the embedded PostgreSQL');
    const again = await cli(['migrate']);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toContain('Up to date');
    const { stdout: url } = await cli(['url']);
    expect(await queryOne(url.trim(), 'select count(*)::int as users from identity.users')).toEqual(
      {
        users: 3,
      },
    );
    const started = await cli(['start']);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toMatch(/^PostgreSQL 18\.\d+ is running: database "azora" on 127\.0/);
    const stopped = await cli(['stop']);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(stopped.stdout).toContain('Its data stay');
    expect((await cli(['stop'])).stdout).toContain('No embedded PostgreSQL is running');
    expect(await cli(['migrate'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Up to date'),
    });
  });

  it('is refused when NODE_ENV is production, and starts nothing', async () => {
    const result = await cli(['setup'], { NODE_ENV: 'production' });
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toMatch(/^azora-db: NODE_ENV is production.*\n$/);
    const options = { cwd: folder.path, env: { NODE_ENV: 'production' } };
    for (const command of ['start', 'migrate', 'push', 'seed', 'reset', 'setup', 'quickstart']) {
      const error = await failureOf([command], options);
      expect(error.message, command).toMatch(/^NODE_ENV is production/);
    }
    expect(existsSync(join(folder.path, '.azora'))).toBe(false);
  });

  it('starts nothing for a reset that it refuses', async () => {
    const result = await cli(['reset']);
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toContain('it wants --yes');
    expect(existsSync(join(folder.path, '.azora'))).toBe(false);
  });
});

describe('azora-db quickstart', () => {
  it('prints wallets, progress and matches of the demo student, and the same again', async () => {
    const first = await cli(['quickstart']);
    expect(first.code).toBe(0);
    for (const fact of [/AZR .*25\.00000000/, /ZAR .*850\.00/, /Databases with SQL .*33\.33 %/]) {
      expect(first.stdout).toMatch(fact);
    }
    expect(first.stdout).toMatch(/Matched skills .*Missing skills/);
    expect(first.stdout).not.toContain('\u001b');
    expect(await cli(['quickstart'])).toEqual(first);
    expect((await cli(['status'])).stderr).toContain('No embedded PostgreSQL is running');
  });

  it('does not end another that began a little earlier or later', async () => {
    await copyMadeData(dataDir());
    const first = cli(['quickstart']);
    await sleep(300);
    const results = await Promise.all([first, cli(['quickstart']), cli(['quickstart'])]);
    for (const { code, stderr } of results) expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  it('leaves a server running that somebody else has come to use', async () => {
    await copyMadeData(dataDir());
    const running = spawnCli(['quickstart'], { cwd: folder.path });
    await waitForOutput(running.stderr, 'Applying the migrations.');
    const visitor = await open((await findEmbedded(dataDir()))?.url ?? '');
    expect(await once(running, 'close')).toEqual([0, null]);
    expect((await visitor.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await visitor.end();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops the server that it started after %s',
    async (signal) => {
      await copyMadeData(dataDir());
      const running = spawnCli(['quickstart'], { cwd: folder.path });
      await waitForOutput(running.stderr, 'Seeding the demo data.');
      running.kill(signal);
      expect(await once(running, 'close')).toEqual([null, signal]);
      expect(await findEmbedded(dataDir())).toBeNull();
    },
  );

  it('leaves a server running that ran before', async () => {
    await copyMadeData(dataDir());
    const { pid } = await startEmbedded({ dataDir: dataDir() });
    expect(await cli(['quickstart'])).toMatchObject({ code: 0 });
    expect(await findEmbedded(dataDir())).toMatchObject({ pid });
  });
});
