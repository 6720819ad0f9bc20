import pg from 'pg';

const ignore = () => {};

/** A pool as services have one, with listeners for the errors of its connections. */
export function plainPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options });
  pool.on('error', ignore);
  // `end()` does not wait for the server, which may still be told that the database is dropped.
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}
