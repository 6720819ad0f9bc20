import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { ConnectError } from '../errors.ts';

/** How connections are encrypted. */
export interface Tls {
  /** What pg takes; false is not at all. */
  readonly ssl: ConnectionOptions | false;
  /** Whether a server without TLS is talked to in plain text. */
  readonly isOptional: boolean;
  readonly negotiation: 'postgres' | 'direct';
}

type Parameters = ReadonlyMap<string, string>;

const MODES = ['disable', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'];
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const unencrypted: Tls = { ssl: false, isOptional: false, negotiation: 'postgres' };

/**
 * As libpq reads `sslmode`, its files and their variables, so never over a socket, with two
 * differences: without any of them it is off, and `verify-full` without `sslrootcert` trusts whom
 * Node.js trusts. pg adds `no-verify`, which is `require` whatever `sslrootcert` says, and
 * `ssl=true`, which is `verify-full`.
 *
 * @throws ConnectError URL_UNSUPPORTED, or TLS_FAILED when a file cannot be read.
 */
export function readTls(parameters: Parameters, isSocket: boolean): Tls {
  const mode = readMode(parameters);
  if (mode === 'disable' || isSocket) return unencrypted;
  const files = readFiles(parameters);
  const isOptional = mode === 'prefer';
  return { ssl: sslOf(mode, files), isOptional, negotiation: readNegotiation(parameters, mode) };
}

function readMode(parameters: Parameters): string {
  const named = parameters.get('sslmode') ?? fromSsl(parameters.get('ssl'));
  const implied = FILES.some((name) => parameters.has(name)) ? 'verify-full' : undefined;
  const mode = named ?? implied ?? (process.env.PGSSLMODE || 'disable');
  if (MODES.includes(mode)) return mode;
  throw unsupported('sslmode', `must be one of: ${MODES.join(', ')}`);
}

function fromSsl(ssl: string | undefined): string | undefined {
  switch (ssl) {
    case undefined:
      return undefined;
    case 'true':
    case '1':
      return 'verify-full';
    case 'false':
    case '0':
      return 'disable';
    case 'no-verify':
      return ssl;
    default:
      throw unsupported('ssl', 'must be true or false');
  }
}

function sslOf(mode: string, { ca, cert, key }: ReturnType<typeof readFiles>): ConnectionOptions {
  const own = { ...(cert && { cert }), ...(key && { key }) };
  const isUnverified = mode === 'no-verify' || mode === 'prefer' || (mode === 'require' && !ca);
  if (isUnverified) return { ...own, rejectUnauthorized: false };
  const checked = { ...own, ...(ca && { ca }) };
  if (mode === 'verify-full') return checked;
  if (ca) return { ...checked, checkServerIdentity: () => undefined };
  throw unsupported('sslmode', 'verify-ca needs sslrootcert, or take verify-full');
}

function readFiles(parameters: Parameters) {
  const [ca, cert, key] = FILES.map((name) => {
    const file = parameters.get(name) ?? process.env[`PG${name.toUpperCase()}`];
    if (!file || (name === 'sslrootcert' && file === 'system')) return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch {
      throw new ConnectError(
        'TLS_FAILED',
        `the file of ${name}, from the URL or PG${name.toUpperCase()}, cannot be read`,
      );
    }
  });
  return { ca, cert, key };
}

function readNegotiation(parameters: Parameters, mode: string): Tls['negotiation'] {
  const value = parameters.get('sslnegotiation') ?? (process.env.PGSSLNEGOTIATION || 'postgres');
  if (value === 'postgres') return value;
  if (value === 'direct' && mode !== 'prefer') return value;
  throw unsupported('sslnegotiation', 'must be postgres, or direct with sslmode=require or above');
}

/** A parameter of the URL, by its name, that would have to be ignored. */
export function unsupported(name: string, rule: string): ConnectError {
  return new ConnectError('URL_UNSUPPORTED', `the URL's ${name} ${rule}`);
}
