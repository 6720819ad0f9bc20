import type { Logger } from 'drizzle-orm';
import type { Pool, PoolConfig } from 'pg';
import { InvalidInputError } from '../errors.ts';
import { findTextFault } from '../input/text-fault.ts';
import { OurClient, UnnamingClient } from './our-client.ts';
import type { NoSchema, OwnSchema } from './own-schema.ts';
import { isPool } from './pg-shapes.ts';
import {
  neededOfOurs,
  optionSettings,
  readCommitted,
  type Wanted,
  wantedLimit,
} from './session-settings.ts';
import { typeParsers } from './type-parsers.ts';
import { parseUrl, type UrlParts } from './url.ts';
import type { OnStatement } from './watch-statements.ts';

/** How `connect` connects. */
export interface ConnectOptions<TSchema extends OwnSchema = NoSchema> {
  /**
   * A pool of the caller's own, in place of the options below but for `schema`, `requireMigrated`,
   * `verify`, `logger` and `onStatement`. pg 8.23 or later.
   */
  pool?: Pool | undefined;
  /**
   * Tables and relations of a service, under names of their own: `db.query` and that of its
   * transactions know them beside the tables of this library. Relations may lead to these and from
   * them. Whatever else a schema exports may stand in it, and does nothing.
   */
  schema?: TSchema | undefined;
  /** `postgres://user:password@host:port/database`. Default `process.env.DATABASE_URL`. */
  url?: string | undefined;
  /** The most connections at a time, from 1. Default 10. */
  max?: number | undefined;
  /** Shown in `pg_stat_activity`. Default `azora-db`. */
  applicationName?: string | undefined;
  /**
   * How many milliseconds a statement may run before the server cancels it (TimeoutError); 0 is for
   * ever. Default 30,000.
   *
   * If no answer comes for 5 s beyond that, as on a frozen network, the connection is closed: a
   * statement or transaction fails with ConnectionLostError, a COMMIT with CommitUnknownError. That
   * holds for the work of a COMMIT too, such as deferred triggers and waiting for a standby, which
   * the server itself does not limit. Three things have no such deadline: what is sent through
   * `db.$client` itself, a text of several statements, and a transaction from the statement on that
   * names `statement_timeout`, such as `set local statement_timeout = 0`.
   */
  statementTimeoutMs?: number | undefined;
  /** How many milliseconds a statement may wait for a lock; 0 is for ever. Default 5,000. */
  lockTimeoutMs?: number | undefined;
  /**
   * How many milliseconds an open transaction may do nothing before the server ends it; 0 is for
   * ever. Default 30,000.
   */
  idleInTransactionTimeoutMs?: number | undefined;
  /**
   * How many milliseconds to wait for the server, and for a free connection of the pool. Default
   * 5,000.
   */
  connectTimeoutMs?: number | undefined;
  /** How many milliseconds an unused connection stays open. Default 30,000. */
  idleTimeoutMs?: number | undefined;
  /**
   * Whether the server parses and plans a statement once for each connection; `false` does so for
   * each call, for a pooler in transaction mode that keeps no prepared statements, such as
   * PgBouncer before 1.21. Default true.
   */
  preparedStatements?: boolean | undefined;
  /** Refuse a database that lacks a migration of this library. Default true. */
  requireMigrated?: boolean | undefined;
  /**
   * Also refuse a database that is not as the migrations make it (SchemaDriftError): whose
   * constraints, indexes, triggers, functions or columns were dropped or changed. Reads the
   * server's catalog once, in about 80 ms; blocks nobody, needs no privilege. Default false.
   */
  verify?: boolean | undefined;
  /**
   * Told of every statement before it is sent, those of the queries among them, with its values,
   * which may be personal data. As Drizzle's own: `true` prints them. Default false.
   */
  logger?: boolean | Logger | undefined;
  /**
   * Told of every statement when it has ended, in the asynchronous context of its caller: name,
   * times, number of rows, error, without values. For metrics and traces: docs/tracing.md. What it
   * throws becomes a warning of the process. What runs on `db.$client` itself is not told.
   */
  onStatement?: OnStatement | undefined;
}

const known: Record<keyof ConnectOptions, true> = {
  pool: true,
  schema: true,
  url: true,
  max: true,
  applicationName: true,
  statementTimeoutMs: true,
  lockTimeoutMs: true,
  idleInTransactionTimeoutMs: true,
  connectTimeoutMs: true,
  idleTimeoutMs: true,
  preparedStatements: true,
  requireMigrated: true,
  verify: true,
  logger: true,
  onStatement: true,
};

export const optionNames = Object.keys(known) as (keyof ConnectOptions)[];

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
  schema: _,
  requireMigrated: __,
  verify: ___,
  logger: ____,
  onStatement: _____,
  ...options
}: ConnectOptions): void {
  if (!isPool(pool)) throw new InvalidInputError('pool', 'must be a pool of pg');
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) {
      throw new InvalidInputError(name, 'cannot be set beside pool: it is a setting of the pool');
    }
  }
}

/** Whether a server without TLS is to be talked to all the same, as with `sslmode=prefer`. */
export function mayDoWithoutTls(options: ConnectOptions): boolean {
  return parseUrl(options.url ?? process.env.DATABASE_URL).tls.isOptional;
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
    ssl: url.tls.ssl,
    sslnegotiation: url.tls.negotiation,
    application_name: options.applicationName ?? url.application_name ?? defaults.applicationName,
    options: startupOptions(options, url),
    max,
    connectionTimeoutMillis: milliseconds(options, 'connectTimeoutMs', url.connectTimeoutMs),
    idleTimeoutMillis: milliseconds(options, 'idleTimeoutMs'),
    keepAlive: true,
    types: typeParsers,
    Client: clientOf(options) as NonNullable<PoolConfig['Client']>,
  };
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

function clientOf({ preparedStatements = true }: ConnectOptions): typeof OurClient {
  if (typeof preparedStatements !== 'boolean') {
    throw new InvalidInputError('preparedStatements', 'must be true or false');
  }
  return preparedStatements ? OurClient : UnnamingClient;
}

/**
 * `-c name=value` for each setting of the session; of two for one name the server takes the last.
 */
function startupOptions(options: ConnectOptions, url: UrlParts): string {
  const isDefault = ({ option }: Limit) => options[option] === undefined;
  const all = limits(options, url);
  return [
    toOptions([readCommitted, ...all.filter(isDefault)]),
    url.options ?? '',
    toOptions([...all.filter((limit) => !isDefault(limit)), ...optionSettings]),
  ].join(' ');
}

function toOptions(settings: readonly Wanted[]): string {
  return settings
    .map(({ name, value }) => `-c ${name}=${value.replaceAll(/[\s\\]/g, '\\$&')}`)
    .join(' ');
}

/**
 * What the sessions of such a pool have to have. What the URL's own options set is not known here,
 * and not asked for.
 */
export function wantedSettings(options: ConnectOptions): Wanted[] {
  const url = parseUrl(options.url ?? process.env.DATABASE_URL);
  const own = (url.options ?? '').toLowerCase();
  const asked = limits(options, url).filter(
    ({ name, option }) => options[option] !== undefined || !own.includes(name),
  );
  const isolation = own.includes(readCommitted.name) ? [] : [readCommitted];
  return [...neededOfOurs, ...isolation, ...asked];
}

type Limit = Wanted & { readonly option: (typeof timeouts)[number][1] };

function limits(options: ConnectOptions, url: UrlParts): Limit[] {
  return timeouts.map(([name, option]) => {
    const isDefault = options[option] === undefined && !url[name];
    return { ...wantedLimit(name, milliseconds(options, option, url[name]), isDefault), option };
  });
}

const timeouts = [
  ['statement_timeout', 'statementTimeoutMs'],
  ['lock_timeout', 'lockTimeoutMs'],
  ['idle_in_transaction_session_timeout', 'idleInTransactionTimeoutMs'],
] as const;

function milliseconds(
  options: ConnectOptions,
  name: Exclude<keyof typeof defaults, 'max' | 'applicationName'>,
  fromUrl?: string | number | false,
): number {
  const value = options[name] ?? (fromUrl || fromUrl === 0 ? Number(fromUrl) : defaults[name]);
  // PostgreSQL and Node both count milliseconds in four bytes.
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 31 - 1) {
    throw new InvalidInputError(name, 'must be a whole number of milliseconds, 0 or more');
  }
  return value;
}
