import pg from 'pg';
import { InvalidInputError } from '../errors.ts';
import { TestingError } from './errors.ts';

/**
 * Runs `work` on a connection of its own to the server's maintenance database.
 *
 * @throws TestingError `TEST_DATABASE_UNAVAILABLE` when the server does not take a connection.
 */
export async function withAdmin<T>(
  serverUrl: string,
  work: (admin: pg.Client) => Promise<T>,
): Promise<T> {
  const admin = new pg.Client({
    connectionString: withoutOptions(serverUrl),
    // For a server without TLS, whose URL says so: pg would not take PGSSLNEGOTIATION beside that.
    ...(new URL(serverUrl).searchParams.get('sslmode') === 'disable' && {
      sslnegotiation: 'postgres',
    }),
    application_name: 'azora-db testing',
    connectionTimeoutMillis: 10_000,
  });
  // A killed server also reaches the query that was running; without a listener it would end the
  // process.
  admin.on('error', () => {});
  await admin.connect().catch((cause: Error) => {
    const { host, pathname } = new URL(serverUrl);
    const problem = cause.message || (cause as NodeJS.ErrnoException).code;
    const message = `No connection to the server for tests, ${host}${pathname}: ${problem}.`;
    throw new TestingError('TEST_DATABASE_UNAVAILABLE', message, { cause });
  });
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** Whether a URL says by itself which server it means. pg would fill in PGHOST. */
export function namesServer(url: unknown): boolean {
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    return false;
  const { hostname, searchParams } = new URL(url);
  return hostname !== '' || Boolean(searchParams.get('host'));
}

/** @throws InvalidInputError, so that databases are never made on a server that nobody named. */
export function requireServerUrl(url: unknown): void {
  if (namesServer(url)) return;
  throw new InvalidInputError(
    'serverUrl',
    'must be the URL of a server for tests, with its host, as startTestServer() gives it',
  );
}

/** The same server, another database. */
export function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  // It would win over the path, and lead into the very database that the tests are to stay out of.
  url.searchParams.delete('dbname');
  return url.toString();
}

/** So that PGOPTIONS, which is for a developer's own server, does not reach into this one. */
export function withoutOptions(serverUrl: string): string {
  const url = new URL(serverUrl);
  if (!url.searchParams.has('options')) url.searchParams.set('options', ' ');
  return url.toString();
}
