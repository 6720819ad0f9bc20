import type { Logger } from 'drizzle-orm';
import pg, { type Pool, type PoolConfig } from 'pg';
import { ConnectError, InvalidInputError } from '../errors.ts';
import { findTextFault } from '../input/text-fault.ts';
import { isPool } from './pg-shapes.ts';
import { typeParsers } from './type-parsers.ts';

export interface ConnectOptions {
  /**
   * A pool of the caller's own, in place of the options below but for `requireMigrated` and
   * `logger`. pg 8.23 or later.
   */
  pool?: Pool | undefined;
  /** `postgres://user:password@host:port/database`. Default `process.env.DATABASE_URL`. */
  url?: string | undefined;
  /** The most connections at a time. Default 10. */
  max?: number | undefined;
  /** Shown in `pg_stat_activity`. Default `azora-db`. */
  applicationName?: string | undefined;
  /**
   * How long a statement may run before the server cancels it (TimeoutError); 0 is for ever.
   * Default 30,000.
   *
   * If no answer comes for 5 s beyond that, as on a frozen network, the connection is closed: a
   * statement or transaction fails with ConnectionLostError, a COMMIT with CommitUnknownError. That
   * holds for the work of a COMMIT too, such as deferred triggers and waiting for a standby, which
   * the server itself does not limit. Three things have no such deadline: what is sent through
   * `db.$client` itself, a text of several statements, and a transaction from the statement on that
   * names `statement_timeout`, such as `set local statement_timeout = 0`.
   */
  statementTimeoutMs?: number | undefined;
  /** How long a statement may wait for a lock; 0 is for ever. Default 5,000. */
  lockTimeoutMs?: number | undefined;
  /**
   * How long an open transaction may do nothing before the server ends it; 0 is for ever. Default
   * 30,000.
   */
  idleInTransactionTimeoutMs?: number | undefined;
  /** How long to wait for the server, and for a free connection of the pool. Default 5,000. */
  connectTimeoutMs?: number | undefined;
  /** How long an unused connection stays open. Default 30,000. */
  idleTimeoutMs?: number | undefined;
  /** Refuse a database that lacks a migration of this library. Default true. */
  requireMigrated?: boolean | undefined;
  /**
   * Told of every statement before it is sent, those of the queries among them, with its values,
   * which may be personal data. As Drizzle's own: `true` prints them. Default false.
   */
  logger?: boolean | Logger | undefined;
}

const defaults = {
  max: 10,
  applicationName: 'azora-db',
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
};

/** A pool that exists has its settings already. */
export function refuseBesidePool({
  pool,
  requireMigrated: _,
  logger: __,
  ...options
}: ConnectOptions): void {
  if (!isPool(pool)) throw new InvalidInputError('pool', 'must be a pool of pg');
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) {
      throw new InvalidInputError(name, 'cannot be set beside pool: it is a setting of the pool');
    }
  }
}

/** What pg makes of a URL; wider than its type says. */
interface UrlParts {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: string | undefined;
  readonly ssl: PoolConfig['ssl'];
  readonly sslnegotiation: PoolConfig['sslnegotiation'];
  readonly application_name: string | undefined;
  readonly statement_timeout: string | false | undefined;
  readonly lock_timeout: string | false | undefined;
  readonly idle_in_transaction_session_timeout: string | false | undefined;
  readonly options: string | undefined;
}

/** The pool's settings: an option, else what the URL says, else the default. */
export function poolConfig(options: ConnectOptions): PoolConfig {
  checkTexts(options);
  const url = parseUrl(options.url ?? process.env.DATABASE_URL);
  const max = options.max ?? defaults.max;
  if (!Number.isInteger(max) || max < 1) {
    throw new InvalidInputError('max', 'must be a positive integer');
  }
  // Parts and not the URL itself, because pg hides only a password of its own from console.log(db).
  return {
    host: url.host,
    port: url.port,
    user: url.user,
    database: url.database,
    password: url.password,
    ssl: url.ssl,
    sslnegotiation: url.sslnegotiation,
    application_name: options.applicationName ?? url.application_name ?? defaults.applicationName,
    options: startupOptions(options, url),
    max,
    connectionTimeoutMillis: milliseconds(options, 'connectTimeoutMs'),
    idleTimeoutMillis: milliseconds(options, 'idleTimeoutMs'),
    keepAlive: true,
    types: typeParsers,
    Client: TidyClient as NonNullable<PoolConfig['Client']>,
  };
}

/**
 * pg leaves the socket open when it gives up by itself, as without a password that the server asks
 * for: that keeps the process alive and a backend waiting until authentication_timeout, a minute by
 * default.
 */
class TidyClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
    if (callback === undefined) return super.connect();
    super.connect((error: Error | null) => {
      if (error) void this.end();
      callback(error as Error);
    });
  }
}

/** pg would write anything into the first packet, and fail while it does. */
function checkTexts({ url, applicationName }: ConnectOptions): void {
  for (const [name, value] of Object.entries({ url, applicationName })) {
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new InvalidInputError(name, 'must be text');
    const rule = findTextFault(value);
    if (rule !== undefined) throw new InvalidInputError(name, rule);
  }
}

/**
 * `-c name=value` for each setting of the session; of two for one name the server takes the last.
 */
function startupOptions(options: ConnectOptions, url: UrlParts): string {
  const explicit: string[] = [];
  // The single statements of the queries rely on seeing what was committed while they waited for a
  // lock.
  const others: string[] = [
    '-c TimeZone=UTC',
    '-c DateStyle=ISO',
    '-c default_transaction_isolation=read\\ committed',
  ];
  for (const [setting, option] of timeouts) {
    const target = options[option] === undefined ? others : explicit;
    target.push(`-c ${setting}=${milliseconds(options, option, url[setting])}`);
  }
  return [...others, url.options ?? '', ...explicit].join(' ');
}

const timeouts = [
  ['statement_timeout', 'statementTimeoutMs'],
  ['lock_timeout', 'lockTimeoutMs'],
  ['idle_in_transaction_session_timeout', 'idleInTransactionTimeoutMs'],
] as const;

function milliseconds(
  options: ConnectOptions,
  name: Exclude<keyof typeof defaults, 'max' | 'applicationName'>,
  fromUrl?: string | false,
): number {
  const value = options[name] ?? (fromUrl ? Number(fromUrl) : defaults[name]);
  // PostgreSQL and Node both count milliseconds in four bytes.
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
    throw new InvalidInputError(name, 'must be a whole number of milliseconds, 0 or more');
  }
  return value;
}

function parseUrl(url: string | undefined): UrlParts {
  if (url === undefined || url === '') {
    throw new ConnectError('URL_MISSING', 'pass url, or set DATABASE_URL');
  }
  try {
    if (!/^postgres(?:ql)?:\/\//i.test(url)) throw new TypeError('another scheme');
    // pg parses a URL in the constructor, without connecting, and fills gaps from PGHOST, PGUSER
    // and so on.
    const client = new pg.Client({ connectionString: url });
    const parts = (client as unknown as { connectionParameters: UrlParts }).connectionParameters;
    // pg hides the password from such a listing.
    const all = [...Object.values(parts), parts.password];
    const isPlain = all.every((part) => !String(part).includes('\0'));
    if (!isPlain) throw new TypeError('a NUL character');
    return parts;
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall !== undefined) {
      throw new ConnectError(
        'TLS_FAILED',
        'a file that the URL names (sslrootcert, sslcert or sslkey) cannot be read',
      );
    }
    // The parser's error may hold the URL and with it the password.
    throw new ConnectError(
      'URL_MALFORMED',
      'the URL must look like postgres://user:password@host:5432/database, with characters ' +
        'such as @ : / ? # % in the password percent-encoded',
    );
  }
}
