import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** A folder of its own for each test, deleted afterwards. `path` is there while a test runs. */
export function useTemporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'azora-db-test-'));
    // For root's tests: an embedded server runs as another account, which has to pass.
    await chmod(folder.path, 0o755);
  });
  afterEach(async () => {
    await rm(folder.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return folder;
}
