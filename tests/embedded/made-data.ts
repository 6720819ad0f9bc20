import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { startEmbedded } from '../../src/embedded/index.ts';
import { makeTemporaryFolder } from '../setup/temporary-folder.ts';

/**
 * A data folder as a first start and a stop leave it, for tests of what comes after: made once,
 * because initdb takes a second of computing.
 *
 * @returns what copies it to a place of a test's own
 */
export function useMadeData(): (dataDir: string) => Promise<void> {
  let folder = '';
  const made = () => join(folder, 'data');
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    const server = await startEmbedded({ dataDir: made() });
    await server.stop();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return async (dataDir) => {
    await mkdir(dirname(dataDir), { recursive: true });
    // With its owner, who is not root.
    await promisify(execFile)('cp', ['-a', made(), dataDir]);
  };
}
