import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { EmbeddedError } from './errors.ts';
import { isAlive } from './is-alive.ts';
import { run } from './run.ts';

/** A live server process, as its own `postmaster.pid` describes it. */
export interface Postmaster {
  pid: number;
  port: number;
  status: 'starting' | 'ready' | 'stopping';
}

const LOG_FILE = 'server.log';
const POLL_MILLISECONDS = 50;
const YOUNG_MILLISECONDS = 1_000;

/**
 * The server that runs on this data folder, or null.
 *
 * The file outlives a killed server, and its process id may by then be somebody else's, so a
 * process counts only if it is alive and works in this folder.
 */
export function findPostmaster(dataDir: string): Postmaster | null {
  const lines = readPidFile(dataDir);
  const pid = Number.parseInt(lines?.[0] ?? '', 10);
  if (!lines || !(pid > 0) || !isAlive(pid) || !isServing(pid, dataDir)) return null;
  const status = lines[7]?.trim();
  return {
    pid,
    port: Number.parseInt(lines[3] ?? '', 10),
    status: status === 'ready' || status === 'stopping' ? status : 'starting',
  };
}

/**
 * Starts the server and waits until it takes connections. PostgreSQL's own lock decides between
 * processes that start one at the same time: the others fail, and find the winner's.
 *
 * @returns null once it runs, else what the server said
 */
export async function startPostmaster(
  binaries: Binaries,
  dataDir: string,
  port: number,
  account: Account,
): Promise<string | null> {
  await removeStalePidFile(dataDir);
  const log = join(dataDir, LOG_FILE);
  const before = (await readFile(log, 'utf8').catch(() => '')).length;
  // pg_ctl hands the folder to a shell in double quotes.
  const [folder, logFile] = /["$`\\\n]/.test(dataDir) ? ['.', LOG_FILE] : [dataDir, log];
  const args = ['start', '-w', '-t', '120', '-D', folder, '-l', logFile, '-o', `-p ${port}`];
  const result = await run(binaries.pgCtl, args, account, folder === '.' ? dataDir : '/');
  if (result.status === 0) return null;
  const said = await readFile(log, 'utf8').catch(() => '');
  return said.slice(before).trim() || result.output;
}

/**
 * Stops the server on this folder and waits until it is gone: `fast` ends sessions and writes
 * everything out, `immediate` leaves that to a recovery that will never be needed.
 */
export async function stopPostmaster(dataDir: string, mode: 'fast' | 'immediate'): Promise<void> {
  const postmaster = findPostmaster(dataDir);
  if (!postmaster) return;
  try {
    process.kill(postmaster.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  // It removes its file a moment before it ends.
  await waitUntil(() => !isAlive(postmaster.pid) || !isServing(postmaster.pid, dataDir), dataDir);
}

/** Waits for a server that another process is starting or stopping. */
export async function settlePostmaster(dataDir: string): Promise<Postmaster | null> {
  let postmaster = findPostmaster(dataDir);
  await waitUntil(() => {
    postmaster = findPostmaster(dataDir);
    return !postmaster || postmaster.status === 'ready';
  }, dataDir);
  return postmaster;
}

async function waitUntil(isDone: () => boolean, dataDir: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!isDone()) {
    if (Date.now() > deadline) {
      throw new EmbeddedError(
        'EMBEDDED_TIMEOUT',
        `The PostgreSQL server in ${dataDir} did not answer within two minutes; see ` +
          `${LOG_FILE} there.`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}

/**
 * PostgreSQL clears up after a dead server by itself, but refuses to start while the old process id
 * belongs to any process, as it may after a reboot, or while the file names none: a full disk or a
 * crash of the machine leaves it empty. One that is just being written is left alone.
 */
async function removeStalePidFile(dataDir: string): Promise<void> {
  const path = join(dataDir, 'postmaster.pid');
  const pid = Number.parseInt(readPidFile(dataDir)?.[0] ?? '', 10);
  const isStale =
    pid > 0 ? isAlive(pid) && !isServing(pid, dataDir) : (await ageOf(path)) > YOUNG_MILLISECONDS;
  if (isStale) await rm(path, { force: true });
}

async function ageOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  // The clock may have been set back since.
  return found === undefined ? 0 : Math.abs(Date.now() - found.mtimeMs);
}

function isServing(pid: number, dataDir: string): boolean {
  if (process.platform === 'win32') return true;
  if (process.platform === 'linux') {
    try {
      // A server works in its data folder from its first moments on. A zombie has no folder.
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') return false;
    }
  }
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)]).toString();
    return command.includes('postgres') && command.includes(dataDir);
  } catch {
    return false;
  }
}

function readPidFile(dataDir: string): string[] | null {
  try {
    return readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
