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

/** The lines of a configuration file for these settings. */
export function toConfigFile(settings: PostgresSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${toConfigValue(value)}\n`)
    .join('');
}

function toConfigValue(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
