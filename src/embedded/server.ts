import pg from 'pg';
import { readSecret, SUPERUSER } from './cluster.ts';
import { EmbeddedError } from './errors.ts';
import type { Postmaster } from './postmaster.ts';

/** The database that every embedded server has, besides PostgreSQL's own. */
const DATABASE = 'azora';

/** No variable such as PGSSLMODE, PGSSLNEGOTIATION or PGOPTIONS says how to talk to our server. */
const plainClient = { ssl: false, sslnegotiation: 'postgres', options: ' ' } as const;

/** A running embedded server. */
export interface EmbeddedServer {
  /**
   * Of the database `azora`, with the password. It says that there is no TLS, whatever PGSSLMODE
   * asks for.
   */
  url: string;
  /** The TCP port on 127.0.0.1. */
  port: number;
  /** The process id of the server, for tests that kill it. */
  pid: number;
  /**
   * Where the data really is: not the folder asked for, if the server's account cannot enter that.
   */
  dataDir: string;
  /** As `show server_version` says: `18.4`. */
  serverVersion: string;
  /**
   * Stops the server and waits until it is gone, whoever started it. An ephemeral one takes its
   * data along.
   */
  stop(): Promise<void>;
}

/**
 * Describes the server that runs on this folder, after making sure that it is the one whose data
 * this is, and that it has the database `azora`.
 */
export async function describeServer(
  dataDir: string,
  postmaster: Postmaster,
  stop: () => Promise<void>,
): Promise<EmbeddedServer> {
  const { pid, port } = postmaster;
  const secret = readSecret(dataDir);
  if (!secret) {
    throw new EmbeddedError(
      'EMBEDDED_FOREIGN_DATA_DIR',
      `The server in ${dataDir} was not made by azora-db.`,
    );
  }
  const base = `postgresql://${SUPERUSER}:${secret.password}@127.0.0.1:${port}`;
  const client = new pg.Client({ connectionString: `${base}/postgres`, ...plainClient });
  // Of a server that dies meanwhile; what waits for it is rejected as well.
  client.on('error', () => {});
  await client.connect();
  try {
    const serverVersion = await ensureDatabase(client);
    return { url: `${base}/${DATABASE}?sslmode=disable`, port, pid, dataDir, serverVersion, stop };
  } finally {
    await client.end();
  }
}

async function ensureDatabase(client: pg.Client): Promise<string> {
  const { rows } = await client.query(
    `select current_setting('server_version') as version,
       exists (select from pg_database where datname = $1) as found`,
    [DATABASE],
  );
  if (!rows[0].found) {
    await client.query(`create database ${DATABASE}`).catch((error) => {
      // Another process that found the same new server was first.
      if (error.code !== '42P04' && error.code !== '23505') throw error;
    });
  }
  return rows[0].version;
}
