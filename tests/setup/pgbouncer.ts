import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { findFreePort } from '../../src/embedded/port.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** Debian 12 has 1.18, which knows no prepared statements, and 13 has 1.24, which does. */
export type Release = 'bookworm' | 'trixie';

const root = join(import.meta.dirname, '..', '..');
const unpacked = join(root, '.azora', 'poolers');

/**
 * Starts a PgBouncer in front of the server of `serverUrl`, in transaction mode unless the settings
 * say otherwise, until the tests of this file have ended. Resolves to the URL
 * through it.
 */
export function usePgBouncer(): (
  release: Release,
  serverUrl: string,
  settings?: Record<string, string | number>,
) => Promise<string> {
  // Once for this machine; `.ci/install-packages` has done it there.
  beforeAll(() => promisify(execFile)(join(root, '.ci', 'unpack-poolers'), [unpacked]), 300_000);
  const stops: (() => Promise<unknown>)[] = [];
  afterAll(() => Promise.all(stops.map((stop) => stop())));
  return async (release, serverUrl, settings = {}) => {
    const port = await findFreePort();
    const folder = await makeTemporaryFolder();
    const file = join(folder, 'pgbouncer.ini');
    await writeFile(file, configuration(new URL(serverUrl), port, settings), { mode: 0o600 });
    const child = spawn(join(unpacked, release, 'pgbouncer'), [file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'exit');
    stops.push(async () => {
      child.kill('SIGQUIT');
      await ended;
      await rm(folder, { recursive: true });
    });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('process up')) resolve();
      });
      child.once('exit', () => reject(new Error(`PgBouncer did not start:\n${said}`)));
    });
    const url = new URL(serverUrl);
    url.host = `127.0.0.1:${port}`;
    return url.href;
  };
}

function configuration(
  server: URL,
  port: number,
  settings: Record<string, string | number>,
): string {
  const { hostname, port: serverPort, username, password } = server;
  // It may not stay root. Whoever comes in is who the server's URL says.
  const account = process.getuid?.() === 0 ? { user: 'nobody' } : {};
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: 4,
    ...account,
    ...settings,
  };
  return [
    '[databases]',
    `* = host=${hostname} port=${serverPort} user=${username} password=${decodeURIComponent(password)}`,
    '[pgbouncer]',
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n');
}
