import { access, chmod, constants, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

const MEMORY_FOLDER = '/dev/shm';
const MEMORY_NEEDED = 4 * 1024 ** 3;

/** A folder of its own for each test, deleted afterwards. `path` is there while a test runs. */
export function useTemporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(async () => {
    folder.path = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await rm(folder.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return folder;
}

/**
 * Where Linux has room for it, in memory: no test pulls the plug, so a server with all its
 * durability on is as safe there, and does not wait for a disk.
 */
export async function makeTemporaryFolder(): Promise<string> {
  const path = (await makeIn(MEMORY_FOLDER)) ?? (await mkdtemp(join(tmpdir(), PREFIX)));
  // For root's tests: an embedded server runs as another account, which has to pass.
  await chmod(path, 0o755);
  return path;
}

const PREFIX = 'azora-db-test-';

async function makeIn(memory: string): Promise<string | null> {
  try {
    const { bavail, bsize } = await statfs(memory);
    if (bavail * bsize < MEMORY_NEEDED) return null;
    const path = await mkdtemp(join(memory, PREFIX));
    // Some containers run no programs from there.
    const program = join(path, 'program');
    await writeFile(program, '', { mode: 0o755 });
    const runs = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    await rm(runs ? program : path, { recursive: true });
    return runs ? path : null;
  } catch {
    return null;
  }
}
