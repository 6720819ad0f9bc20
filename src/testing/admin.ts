import pg from 'pg';

/** Runs `work` on a connection of its own to the server's maintenance database. */
export async function withAdmin<T>(
  serverUrl: string,
  work: (admin: pg.Client) => Promise<T>,
): Promise<T> {
  const admin = new pg.Client({
    connectionString: serverUrl,
    application_name: 'azora-db testing',
    connectionTimeoutMillis: 10_000,
  });
  // A killed server also reaches the query that was running; without a listener it would end the
  // process.
  admin.on('error', () => {});
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** The same server, another database. */
export function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}
