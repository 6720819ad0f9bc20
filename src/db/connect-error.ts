import pg, { type Pool } from 'pg';
import { AzoraDbError, ConnectError, type ConnectErrorCode } from '../errors.ts';
import type { Fault } from './session-settings.ts';
import { isServerError } from './to-db-error.ts';

/** What of a pool goes into messages. The password is only asked whether it is there. */
interface Target {
  readonly host: string;
  readonly place: string;
  readonly user: string;
  readonly database: string;
  readonly hasPassword: boolean;
  readonly usesTls: boolean;
}

/** Says why a pool could not open or hand out a connection, and what to do about it. */
export function toConnectError(error: unknown, pool: Pool): AzoraDbError {
  if (error instanceof AzoraDbError) return error;
  const target = describe(pool);
  const [code, message] = isServerError(error)
    ? (fromPooler(error.message, target) ?? fromSqlState(error.code, target))
    : fromNetwork(error, target, pool);
  return new ConnectError(code, message);
}

function describe(pool: Pool): Target {
  // As each connection of the pool reads them: a pool of the caller's own may have nothing but a
  // connection string.
  const { host, port, user = '', database = user, password, ssl } = new pg.Client(pool.options);
  return {
    host,
    place: host.startsWith('/') ? host : `${host}:${port}`,
    user,
    database,
    hasPassword: Boolean(password),
    usesTls: Boolean(ssl),
  };
}

/** Says which settings of a session are not what they have to be, and how to make them so. */
export function settingsError(
  faults: readonly Fault[],
  { user = '', database = '' }: { user?: string | undefined; database?: string | undefined },
): ConnectError {
  const found = faults.map(({ name, value, actual }) => `${name} is ${actual} and not ${value}`);
  const repairs = faults.map(
    ({ name, value }) => `alter role "${user}" in database "${database}" set ${name} = '${value}'`,
  );
  return new ConnectError(
    'SETTINGS_NOT_KEPT',
    `in the sessions of user "${user}" in database "${database}" ${found.join(', ')}: a pooler ` +
      'drops what connect() sets, or the pool is not one of ours. Set it on the role, and let ' +
      `the pooler open new connections: ${repairs.join('; ')}`,
  );
}

type Finding = readonly [ConnectErrorCode, string];

/** What PgBouncer says of a startup packet that it does not let through. */
function fromPooler(message: string, { place }: Target): Finding | undefined {
  const [, parameter] = /^unsupported startup parameter(?: in options)?: (\w+)/.exec(message) ?? [];
  if (parameter === undefined) return undefined;
  return [
    'STARTUP_REFUSED',
    `the pooler at ${place} refuses the startup parameter "${parameter}": have it ignore ` +
      'options (in PgBouncer, ignore_startup_parameters = options), and set them on the role',
  ];
}

function fromSqlState(sqlState: string, target: Target): Finding {
  const { place, user, database } = target;
  switch (sqlState) {
    case '28P01':
      return [
        'PASSWORD_WRONG',
        `the server at ${place} does not accept this password for user "${user}": correct ` +
          'user or password in the URL',
      ];
    case '42501':
      return [
        'ACCESS_DENIED',
        `the server at ${place} does not let user "${user}" into database "${database}": ` +
          `grant connect on database "${database}" to "${user}"`,
      ];
    case '28000':
      return [
        'ACCESS_DENIED',
        `the server at ${place} does not let user "${user}" into database "${database}": ` +
          'create the role, or allow it in pg_hba.conf (which may ask for TLS: sslmode=require)',
      ];
    case '3D000':
      return [
        'DATABASE_MISSING',
        `the server at ${place} has no database "${database}": create it, or correct the ` +
          'name in the URL',
      ];
    case '53300':
      return [
        'TOO_MANY_CONNECTIONS',
        `the server at ${place} has no connection left for user "${user}" in database ` +
          `"${database}": lower the pools' max or raise the limit that was hit ` +
          "(max_connections, or the role's or the database's connection limit)",
      ];
    case '57P03':
      return ['SERVER_DOWN', `the server at ${place} is starting up or shutting down: try again`];
    default:
      return [
        'STARTUP_REFUSED',
        `the server at ${place} refused the connection (SQLSTATE ${sqlState}): see its log`,
      ];
  }
}

function fromNetwork(error: unknown, target: Target, pool: Pool): Finding {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const { host, place } = target;
  if (pool.ending) {
    return ['POOL_CLOSED', 'this database was closed: call connect() for another'];
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return [
      'SERVER_DOWN',
      `the host "${host}" is unknown: correct the URL, or check the name service`,
    ];
  }
  if (typeof code === 'string') {
    const isSystem =
      (error as { syscall?: unknown }).syscall !== undefined || code === 'ECONNREFUSED';
    return isSystem
      ? [
          'SERVER_DOWN',
          `nothing answers at ${place} (${code}): start the server or correct the URL`,
        ]
      : [
          'TLS_FAILED',
          `no encrypted connection to ${place} (${code}): check the server's certificate, ` +
            'sslrootcert and sslmode',
        ];
  }
  // pg-pool gives its connect timeout a cause and its wait for a free connection none.
  if (cause !== undefined) {
    return [
      'SERVER_DOWN',
      `${place} did not answer within connectTimeoutMs: check host, port and firewall`,
    ];
  }
  if (pool.totalCount >= (pool.options.max ?? 10)) {
    return [
      'POOL_EXHAUSTED',
      `all ${pool.totalCount} connections of this pool stayed busy for connectTimeoutMs: ` +
        'raise max, or look for a transaction that waits for another connection',
    ];
  }
  if (!target.hasPassword) {
    return ['PASSWORD_WRONG', `the server at ${place} asks for a password and the URL has none`];
  }
  if (target.usesTls) {
    return [
      'TLS_FAILED',
      `the server at ${place} does not offer TLS: enable ssl there or use sslmode=disable`,
    ];
  }
  return ['SERVER_DOWN', `${place} closed the connection: is it a PostgreSQL server?`];
}
