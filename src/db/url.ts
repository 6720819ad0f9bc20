import pg from 'pg';
import { ConnectError } from '../errors.ts';
import { readTls, type Tls, unsupported } from './tls.ts';

/** What a URL says, with the gaps filled from PGHOST, PGUSER and so on. */
export interface UrlParts {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: string | undefined;
  readonly application_name: string | undefined;
  readonly statement_timeout: string | false | undefined;
  readonly lock_timeout: string | false | undefined;
  readonly idle_in_transaction_session_timeout: string | false | undefined;
  readonly options: string | undefined;
}

export interface ParsedUrl extends UrlParts {
  readonly tls: Tls;
  /** 0 is for ever. */
  readonly connectTimeoutMs: number | undefined;
}

// Left to pg, which also takes the three timeouts.
const OF_PG = new Set([
  'host',
  'port',
  'user',
  'password',
  'application_name',
  'options',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
]);
const OWN = new Set(
  'dbname connect_timeout ssl sslmode sslrootcert sslcert sslkey sslnegotiation'.split(' '),
);
// What is done, or not done, anyhow.
const ONLY: Readonly<Record<string, readonly string[]>> = {
  channel_binding: ['disable', 'prefer'],
  client_encoding: ['UTF8', 'utf8', 'UTF-8', 'utf-8', 'auto'],
  gssencmode: ['disable', 'prefer'],
  keepalives: ['1'],
  load_balance_hosts: ['disable'],
  sslcompression: ['0'],
  sslsni: ['1'],
  target_session_attrs: ['any'],
  uselibpqcompat: ['true'],
};

/**
 * Reads a URL as libpq does. What it cannot do is refused and never ignored.
 *
 * @throws ConnectError URL_MISSING, URL_MALFORMED, URL_UNSUPPORTED or TLS_FAILED; none repeats the
 * URL, which holds a password.
 */
export function parseUrl(url: string | undefined): ParsedUrl {
  if (url === undefined || url === '') {
    throw new ConnectError('URL_MISSING', 'pass url, or set DATABASE_URL');
  }
  const [, base = '', path, query = ''] =
    /^(postgres(?:ql)?:\/\/[^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url) ?? [];
  if (base === '' || !isEncoded(url)) throw malformed();
  refusePlus(query);
  const parameters = new Map(new URLSearchParams(query));
  // A comma in the name or the password is none of a list. PGHOST may be one too.
  const hosts = parameters.get('host') ?? base.slice(base.lastIndexOf('@') + 1);
  refuseSeveral('host', hosts);
  refuseSeveral('port', parameters.get('port') ?? '');
  const parts = parseParts(base, path, parameters);
  for (const [name, value] of parameters) refuseUnknown(name, value);
  refuseSeveral('host', parts.host);
  const connectTimeoutMs = readConnectTimeout(parameters);
  return { ...parts, tls: readTls(parameters, parts.host.startsWith('/')), connectTimeoutMs };
}

/** The parsers would leave out tabs and line ends, and take what is no code of UTF-8 for a text. */
function isEncoded(url: string): boolean {
  try {
    decodeURIComponent(url);
    return !/[\t\r\n]/.test(url);
  } catch {
    return false;
  }
}

function refuseSeveral(name: string, value: string): void {
  if (value.includes(',')) throw unsupported(name, 'must be one: several are not tried in turn');
}

/**
 * To libpq it is a plus, and to URLSearchParams, which writes many URLs, a space. In options only
 * the space has a meaning.
 */
function refusePlus(query: string): void {
  for (const pair of query.split('&')) {
    const [name = ''] = pair.split('=');
    if (!pair.includes('+') || name === 'options') continue;
    throw unsupportedParameter(name, 'has a + that may be a space: write %20, or %2B for a plus');
  }
}

function refuseUnknown(name: string, value: string): void {
  const allowed = ONLY[name];
  if (OF_PG.has(name) || OWN.has(name) || allowed?.includes(value)) return;
  const rule = allowed ? `can only be ${allowed.join(', ')} here` : 'is not supported: remove it';
  throw unsupportedParameter(name, rule);
}

/** A name could hold what should have been encoded, as in a password with a question mark. */
function unsupportedParameter(name: string, rule: string): ConnectError {
  return unsupported(/^[a-z_]{1,40}$/.test(name) ? `parameter ${name}` : 'parameter', rule);
}

function parseParts(
  base: string,
  path: string | undefined,
  parameters: ReadonlyMap<string, string>,
): UrlParts {
  try {
    const kept = [...parameters].filter(([name]) => OF_PG.has(name));
    // TLS is ours, so that neither the environment nor pg's own reading of sslmode gets at it.
    const shield = { sslmode: 'disable', sslnegotiation: 'postgres' };
    const shielded = new URLSearchParams({ ...Object.fromEntries(kept), ...shield });
    const connectionString = `${base}/?${shielded}`;
    // pg parses it in the constructor, without connecting.
    const client = new pg.Client({ connectionString });
    const found = (client as unknown as { connectionParameters: UrlParts }).connectionParameters;
    // The listing of its properties has no password.
    const { password } = found;
    // pg leaves @, / and others in a database's name encoded.
    const database = parameters.get('dbname') || decodeURIComponent(path ?? '') || found.database;
    const parts = { ...found, password, database };
    const isPlain = Object.values(parts).every((part) => !String(part).includes('\0'));
    // pg takes the digits that a port begins with.
    const port = parameters.get('port') || /:(\d+)$/.exec(base)?.[1] || process.env.PGPORT || '';
    const isPort = /^\d*$/.test(port) && parts.port > 0 && parts.port < 65_536;
    if (!isPlain || !isPort) throw malformed();
    return parts;
  } catch {
    // The parser's error may hold the URL and with it the password.
    throw malformed();
  }
}

/** In seconds there. */
function readConnectTimeout(parameters: ReadonlyMap<string, string>): number | undefined {
  const text = parameters.get('connect_timeout') ?? process.env.PGCONNECT_TIMEOUT;
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (/^[-+]?\d+$/.test(text) && seconds < 2_000_000) return Math.max(seconds, 0) * 1_000;
  throw unsupported('connect_timeout', 'must be a whole number of seconds');
}

function malformed(): ConnectError {
  return new ConnectError(
    'URL_MALFORMED',
    'the URL must look like postgres://user:password@host:5432/database, with characters ' +
      'such as @ : / ? # % in the password percent-encoded',
  );
}
