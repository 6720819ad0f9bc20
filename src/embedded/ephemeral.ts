import { spawn } from 'node:child_process';
import { chown, mkdtemp, statfs } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { type Account, canEnter, unprivilegedAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { ensureCluster, writeSettings } from './cluster.ts';
import { DEFAULT_MAJOR } from './data-dir.ts';
import { removeEphemeral } from './ephemeral-folder.ts';
import { EmbeddedError } from './errors.ts';
import { launch } from './launch.ts';
import { findFreePort } from './port.ts';
import { findPostmaster } from './postmaster.ts';
import { describeServer, type EmbeddedServer } from './server.ts';
import { type EmbeddedOptions, NOT_DURABLE } from './settings.ts';

const MEMORY_FOLDER = '/dev/shm';
const MEMORY_NEEDED = 4 * 1024 ** 3;

/**
 * Starts a server in a temporary folder without durability. `stop` deletes it; if this process ends
 * in any other way, a watchdog does.
 */
export async function startEphemeral(options: EmbeddedOptions): Promise<EmbeddedServer> {
  if (options.dataDir !== undefined) {
    throw new InvalidInputError('dataDir', 'must be left out for an ephemeral server');
  }
  const account = unprivilegedAccount();
  const major = options.version ?? DEFAULT_MAJOR;
  const binaries = await findBinaries(major, account);
  const folder = await makeTemporaryFolder(account, options.inMemory ?? false);
  const release = watch(folder);
  const stop = async () => {
    await removeEphemeral(folder);
    release();
  };
  try {
    const dataDir = join(folder, 'data');
    const place = { dataDir, account };
    const port = options.port ?? (await findFreePort());
    await ensureCluster({ binaries, place, major, port, durable: false });
    await writeSettings(dataDir, { ...NOT_DURABLE, ...options.settings }, account);
    await launch(binaries, place, options.port);
    const postmaster = findPostmaster(dataDir);
    if (!postmaster)
      throw new EmbeddedError('EMBEDDED_START_FAILED', 'PostgreSQL stopped again at once.');
    return await describeServer(dataDir, postmaster, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTemporaryFolder(account: Account, inMemory: boolean): Promise<string> {
  const memory = inMemory ? await findMemoryFolder() : null;
  const base = [memory, tmpdir(), '/var/tmp'].find((path) => path && canEnter(account, path));
  const folder = await mkdtemp(join(base ?? tmpdir(), 'azora-db-'));
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(folder, account.uid, account.gid);
  }
  return folder;
}

/**
 * Containers often have no more than 64 MiB there, and what it holds is taken from the machine's
 * memory.
 */
async function findMemoryFolder(): Promise<string | null> {
  try {
    const { bavail, bsize } = await statfs(MEMORY_FOLDER);
    return Math.min(bavail * bsize, freemem()) >= MEMORY_NEEDED ? MEMORY_FOLDER : null;
  } catch {
    return null;
  }
}

/**
 * Starts the process that clears up after ours. It waits for the end of a pipe that only we hold,
 * which the kernel closes however we end, SIGKILL included; handlers of our own would not run then.
 *
 * @returns what lets the watchdog go
 */
function watch(folder: string): () => void {
  // A module of its own in a checkout and in the package, where this one is part of a larger file.
  const isSource = import.meta.filename.endsWith('.ts');
  const script = join(packageRoot(), isSource ? 'src' : 'dist', 'embedded', 'watchdog');
  const watchdog = spawn(process.execPath, [`${script}.${isSource ? 'ts' : 'js'}`, folder], {
    cwd: '/',
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  watchdog.stdin.on('error', () => {});
  watchdog.on('error', () => {});
  // It must not keep our process running.
  watchdog.unref();
  return () => watchdog.stdin.destroy();
}
