import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import {
  type Account,
  canEnter,
  ownerAccount,
  refuseOtherOwner,
  unprivilegedAccount,
} from './account.ts';
import { brokenFile } from './errors.ts';

/** The PostgreSQL that a project gets when it does not ask for another. */
export const DEFAULT_MAJOR = 18;

const OUTSIDE_FOLDER = '/var/lib/azora-db';

/** Where a kept server's data is, and who runs the server. */
export interface Place {
  dataDir: string;
  account: Account;
}

/**
 * Where the data asked for by this name lives. That is the folder itself, but for a folder that the
 * server's account cannot enter: its stand-in is /var/lib/azora-db/<name>-<hash of the path>, the
 * same at every call.
 *
 * @throws EmbeddedError `EMBEDDED_OTHER_OWNER` when the data there is somebody else's and we are
 * not root; InvalidInputError.
 */
export function locateDataDir(requested: string): Place {
  // initdb passes it to a shell, and refuses these after half of its work.
  if (/[\n\r\0]/.test(resolve(requested))) {
    throw new InvalidInputError('dataDir', 'must have no line break and no NUL character');
  }
  const inPlace = withAccount(resolve(requested));
  if (canEnter(inPlace.account, dirname(inPlace.dataDir))) return inPlace;
  const hash = createHash('sha256').update(inPlace.dataDir).digest('hex').slice(0, 12);
  const name = basename(inPlace.dataDir).replace(/[^\w.-]/g, '_');
  return withAccount(join(OUTSIDE_FOLDER, `${name}-${hash}`));
}

/** `.azora/postgres-<major>` in the project that the process was started in. */
export function defaultDataDir(major = DEFAULT_MAJOR): string {
  return join(projectFolder(), '.azora', `postgres-${major}`);
}

/** Makes the folder that holds the data folder, hidden from git if it is the project's own. */
export async function makeParent(place: Place): Promise<void> {
  const parent = dirname(place.dataDir);
  if (existsSync(parent)) return;
  const first = await mkdir(parent, { recursive: true });
  // The umask of root may be closed to others, and the server's account has to pass.
  if (place.account.uid !== undefined && first !== undefined) await openDown(first, parent);
  if (basename(parent) === '.azora') await writeFile(join(parent, '.gitignore'), '*\n');
}

async function openDown(first: string, last: string): Promise<void> {
  for (let folder = last; folder.startsWith(first); folder = dirname(folder)) {
    await chmod(folder, 0o755);
  }
}

/**
 * The major version of the cluster in this folder; null if there is none.
 *
 * @throws EmbeddedError `EMBEDDED_FOREIGN_DATA_DIR` for a broken file
 */
export function majorOf(dataDir: string): number | null {
  const path = join(dataDir, 'PG_VERSION');
  try {
    const major = Number.parseInt(readFileSync(path, 'utf8'), 10);
    if (major > 0) return major;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  throw brokenFile(path, 'a version of PostgreSQL');
}

function withAccount(dataDir: string): Place {
  refuseOtherOwner(dataDir);
  return { dataDir, account: ownerAccount(dataDir) ?? unprivilegedAccount() };
}

function projectFolder(): string {
  let folder = process.cwd();
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) return process.cwd();
    folder = dirname(folder);
  }
  return folder;
}
