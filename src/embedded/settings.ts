import { inspect } from 'node:util';
import { InvalidInputError } from '../errors.ts';

/** PostgreSQL's own settings by name, as in `postgresql.conf`. */
export type PostgresSettings = Record<string, string | number | boolean>;

/**
 * What a server that loses its data with the process anyway can leave out: no commit waits for a
 * disk, and a page is not written to the log twice.
 */
export const NOT_DURABLE: PostgresSettings = {
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
};

/**
 * For a server that is kept: room for bulk loads, which checkpoint too often with what initdb sets.
 */
export const KEPT: PostgresSettings = {
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  wal_compression: true,
};

/** Reachable from this machine only; no socket file, whose path could be too long or shared. */
export const LOCAL_ONLY: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  max_connections: 200,
};

/**
 * The lines of a configuration file for these settings. PostgreSQL reads backslashes there as C
 * does.
 *
 * @throws InvalidInputError for what would be read as something else
 */
export function toConfigFile(settings: PostgresSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${toConfigName(name)} = ${toConfigValue(name, value)}\n`)
    .join('');
}

function toConfigName(name: string): string {
  if (/^[a-z_]\w*(?:\.[a-z_]\w*)?$/i.test(name)) return name;
  throw new InvalidInputError('settings', `must have names of settings, not ${inspect(name)}`);
}

function toConfigValue(name: string, value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string' || value.includes('\0')) {
    const rule = 'must be text without NUL characters, a finite number or a boolean';
    throw new InvalidInputError(`settings.${name}`, rule);
  }
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `'${escaped}'`;
}

/** How `startEmbedded` starts a server. */
export interface EmbeddedOptions {
  /** Default: `.azora/postgres-<major>` in the project of the working directory. */
  dataDir?: string | undefined;
  /**
   * Default: the one this data folder had last time if it is free, else a free one. A server that
   * already runs keeps its own.
   */
  port?: number | undefined;
  /** A server in a temporary folder that nothing is kept of, and that ends with this process. */
  ephemeral?: boolean | undefined;
  /**
   * Keeps the data of an ephemeral server in memory, where Linux gives a folder for that with 4 GiB
   * free. It saves what the disk costs even without durability: a clone of a database took 13 ms
   * instead of 160 to 800 ms beside other work on a disk.
   */
  inMemory?: boolean | undefined;
  /** PostgreSQL's major version. Default: that of the data folder, else 18. */
  version?: number | undefined;
  /** PostgreSQL's own settings. A server that already runs keeps those it was started with. */
  settings?: PostgresSettings | undefined;
}
