import { randomBytes } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './is-alive.ts';

/**
 * A name beside `target` to build it under. A folder that is built aside and renamed into place is
 * complete or absent, whoever dies half-way, and of several builders exactly one wins the rename.
 */
export function scratchPath(target: string): string {
  return `${target}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/**
 * Moves what was built into place.
 *
 * @returns false if another process was first; what it built is kept
 */
export async function publish(built: string, target: string): Promise<boolean> {
  try {
    await rename(built, target);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Windows says EPERM where the others say that the folder is not empty.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') return false;
    throw error;
  }
}

/** Removes what builders of `target` that have died left beside it. */
export async function removeAbandoned(target: string): Promise<void> {
  const prefix = `${basename(target)}.new-`;
  const names = await readdir(dirname(target)).catch(() => []);
  for (const name of names) {
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (name.startsWith(prefix) && pid > 0 && !isAlive(pid)) {
      // An initdb whose parent died may still be adding files.
      const abandoned = join(dirname(target), name);
      await rm(abandoned, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }
}
