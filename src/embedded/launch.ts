import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { readSecret, writeSecret } from './cluster.ts';
import type { Place } from './data-dir.ts';
import { EmbeddedError } from './errors.ts';
import { findFreePort, isFree } from './port.ts';
import { settlePostmaster, startPostmaster } from './postmaster.ts';

const MAX_ATTEMPTS = 5;

/**
 * Starts the server on an existing data folder, or finds that another process just did. Without a
 * port to use, it is the one kept with the data, or another while that is taken.
 *
 * It tries again, because two causes of failure pass by themselves: a port that somebody took a
 * moment ago, and the last children of a killed server, which hold its shared memory until they
 * notice.
 */
export async function launch(
  binaries: Binaries,
  place: Place,
  asked?: number,
  pause: (milliseconds: number) => Promise<unknown> = sleep,
): Promise<void> {
  const { dataDir, account } = place;
  const kept = readSecret(dataDir);
  let said: string | null = null;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 0) await pause(100 * 2 ** attempt);
    const port = await choosePort(asked, kept?.port);
    if (port !== null) said = await startPostmaster(binaries, dataDir, port, account);
    if (port !== null && said === null) {
      if (kept && asked !== undefined && asked !== kept.port) {
        await writeSecret(dataDir, { ...kept, port: asked }, account);
      }
      return;
    }
    if (await settlePostmaster(dataDir)) return;
    if (port === null) {
      throw new EmbeddedError('EMBEDDED_PORT_TAKEN', `Port ${asked} is taken by another program.`);
    }
  }
  throw new EmbeddedError(
    'EMBEDDED_START_FAILED',
    `PostgreSQL did not start in ${dataDir}:\n${said}`,
  );
}

/** Null if the port that was asked for is taken. */
async function choosePort(asked?: number, kept?: number): Promise<number | null> {
  if (asked !== undefined) return (await isFree(asked)) ? asked : null;
  return kept !== undefined && (await isFree(kept)) ? kept : findFreePort();
}
