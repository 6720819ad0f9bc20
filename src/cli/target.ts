import { poolConfig } from '../db/pool-config.ts';
import { type EmbeddedServer, findEmbedded, startEmbedded } from '../embedded/index.ts';
import { CliError } from './errors.ts';
import { tell } from './output.ts';

/** The server that a command works on. */
export interface Target {
  readonly url: string;
  /** The embedded server, or null when DATABASE_URL names the server. */
  readonly embedded: EmbeddedServer | null;
  /** Whether this command started it. */
  readonly started: boolean;
}

/** DATABASE_URL, unless it is unset or empty. */
export function configuredUrl(): string | undefined {
  return process.env.DATABASE_URL?.trim() || undefined;
}

/**
 * Which server a command works on: that of DATABASE_URL, and then nothing is ever started; else the
 * embedded one of this project, which is started if it does not run, and left running.
 *
 * @throws EmbeddedError without DATABASE_URL when NODE_ENV is production.
 */
export async function openTarget(options: { announce?: boolean } = {}): Promise<Target> {
  const url = configuredUrl();
  if (url !== undefined) return { url, embedded: null, started: false };
  refuseProduction();
  const running = await findEmbedded();
  if (running) return { url: running.url, embedded: running, started: false };
  if (options.announce ?? true) {
    tell('DATABASE_URL is not set: starting the embedded PostgreSQL. `azora-db stop` stops it.');
  }
  const embedded = await startEmbedded();
  return { url: embedded.url, embedded, started: true };
}

/** The same without starting anything: null when there is no DATABASE_URL and no server runs. */
export async function findTarget(): Promise<Target | null> {
  const url = configuredUrl();
  if (url !== undefined) return { url, embedded: null, started: false };
  refuseProduction();
  const running = await findEmbedded();
  return running && { url: running.url, embedded: running, started: false };
}

/**
 * The same for a command that has nothing to say without a server.
 *
 * @throws CliError `NO_SERVER`
 */
export async function requireTarget(): Promise<Target> {
  const target = await findTarget();
  if (target !== null) return target;
  throw new CliError(
    'NO_SERVER',
    'No embedded PostgreSQL is running here, and DATABASE_URL is not set: run ' +
      '`azora-db start` first, or name a database with --url or --env-file.',
  );
}

// Asked before a server is looked for, so that one left running by a developer is refused as well.
function refuseProduction(): void {
  if (!isProduction()) return;
  throw new CliError(
    'REFUSED',
    'NODE_ENV is production and DATABASE_URL is not set; the embedded server is for ' +
      'development only. Set DATABASE_URL.',
  );
}

export function isProduction(): boolean {
  return process.env.NODE_ENV === 'production';
}

/** Where a command will go, before anything is looked for or started. */
export function plannedPlace(): { host: string; database: string } {
  const url = configuredUrl();
  return url === undefined ? { host: '', database: 'azora' } : describeUrl(url);
}

/**
 * Where a URL leads, as pg reads it: with its defaults, PG* variables and `?host=` applied.
 *
 * @throws ConnectError `URL_MALFORMED`
 */
export function describeUrl(url: string): { host: string; port: number; database: string } {
  const { host = '', port = 5432, database = '' } = poolConfig({ url });
  return { host, port, database };
}

/** `database "azora" on 127.0.0.1:5432`: what may be printed of a URL. */
export function nameTarget(url: string): string {
  const { host, port, database } = describeUrl(url);
  return `database "${database}" on ${host.startsWith('/') ? host : `${host}:${port}`}`;
}
