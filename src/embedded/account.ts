import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmbeddedError } from './errors.ts';

/** What `spawn` takes to run a child as somebody else; empty means as ourselves. */
export interface Account {
  uid?: number;
  gid?: number;
}

/**
 * The account a server runs as when we are root, which PostgreSQL refuses to run as.
 *
 * It is an existing one: `postgres` where a package created it, else `nobody`, which every Unix
 * has. Creating an account would change the machine for good, only to run a throw-away server.
 */
export function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid && gid) return { uid, gid };
  }
  throw new EmbeddedError(
    'EMBEDDED_NO_ACCOUNT',
    'PostgreSQL refuses to run as root, and this machine has no account named postgres or ' +
      'nobody. Run as another user.',
  );
}

/**
 * The owner of a data folder, if we are root and it exists: a folder that another account made
 * keeps its owner, because PostgreSQL starts only as the owner of its data.
 */
export function ownerAccount(dataDir: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : null;
}

/**
 * Only root and the owner of a cluster can read it, so anybody else is told whose it is, and not
 * that a file in it cannot be opened.
 *
 * @throws EmbeddedError `EMBEDDED_OTHER_OWNER`
 */
export function refuseOtherOwner(dataDir: string): void {
  const uid = process.getuid?.();
  if (uid === undefined || uid === 0) return;
  const owner = ownerOf(dataDir);
  if (owner === null || owner === uid) return;
  throw new EmbeddedError(
    'EMBEDDED_OTHER_OWNER',
    `The server's data in ${dataDir} belongs to ${nameOf(owner)}, and this is ${nameOf(uid)}. ` +
      'Go on as that user or as root, who may have made it, or name another folder.',
  );
}

/**
 * The user id of the folder's owner, or of the nearest ancestor's that can be seen; null if it does
 * not exist.
 */
function ownerOf(folder: string): number | null {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.uid ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return ownerOf(dirname(folder));
  }
}

function nameOf(uid: number): string {
  const { stdout } = spawnSync('id', ['-un', String(uid)], { encoding: 'utf8' });
  return stdout?.trim() ? `user ${stdout.trim()}` : `user ${uid}`;
}

/**
 * Whether the account can enter the folder, or the nearest ancestor of it that exists.
 * The kernel is asked, as that account, because mode bits of every ancestor and ACLs all count.
 */
export function canEnter(account: Account, folder: string): boolean {
  if (account.uid === undefined) return true;
  let existing = folder;
  while (!statSync(existing, { throwIfNoEntry: false })?.isDirectory())
    existing = dirname(existing);
  return spawnSync('test', ['-x', existing], { ...account, cwd: '/' }).status === 0;
}

function idOf(flag: '-u' | '-g', name: string): number | null {
  try {
    const output = execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] });
    return Number.parseInt(output.toString(), 10);
  } catch {
    return null;
  }
}
