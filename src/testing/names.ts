import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { isAlive } from '../embedded/is-alive.ts';

/** Every database that the harness makes starts so; it never touches another. */
export const CLONE_PREFIX = 'azora_test_';
export const TEMPLATE_PREFIX = 'azora_template_';

/**
 * A clone nobody of this machine answers for is taken for dead after this time, if nobody is
 * connected.
 */
const FOREIGN_CLONE_HOURS = 6;

/** The name of the template with these contents. */
export function templateName(contents: string): string {
  return TEMPLATE_PREFIX + sha256(contents).slice(0, 24);
}

/** The name that a template has while it is being built. */
export function buildingName(template: string): string {
  return `${template}_building`;
}

/** A new name that says who made the database and when: machine, process, second. */
export function newCloneName(): string {
  const second = Math.floor(Date.now() / 1000).toString(36);
  return `${CLONE_PREFIX}${machine()}_${process.pid}_${second}_${randomBytes(4).toString('hex')}`;
}

/** Whether the maker of this database is gone, so that nobody is going to drop it. */
export function isDeadClone(name: string, now = Date.now()): boolean {
  const match = /^azora_test_([0-9a-f]{8})_(\d+)_([0-9a-z]+)_[0-9a-f]{8}$/.exec(name);
  if (!match) return false;
  const [, madeOn, pid, second] = match;
  if (madeOn === machine()) return !isAlive(Number(pid));
  const hours = (now / 1000 - Number.parseInt(second ?? '', 36)) / 3600;
  return hours > FOREIGN_CLONE_HOURS;
}

function machine(): string {
  return sha256(hostname()).slice(0, 8);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
