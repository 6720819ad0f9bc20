import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connect, type Database } from '../../src/db/connect.ts';
import { startEmbedded } from '../../src/embedded/index.ts';
import { migrate } from '../../src/migrate/index.ts';

/** A migrated database for one benchmark. */
export interface BenchDatabase {
  readonly url: string;
  readonly db: Database;
  /** The server's version and the settings that matter. */
  readonly description: string;
  /** Drops the database, and the server if it was started here. */
  close(): Promise<void>;
}

const settings = {
  shared_buffers: '6GB',
  max_wal_size: '4GB',
  work_mem: '64MB',
  maintenance_work_mem: '512MB',
  max_connections: 100,
};

/**
 * Makes a database on the server of `url`; without one, on a new server in a temporary folder,
 * which flushes its WAL as one in production does. `suffix` tells several databases of one run
 * apart.
 */
export async function openBenchDatabase(
  url?: string,
  max = 40,
  suffix = '',
): Promise<BenchDatabase> {
  const own = url === undefined ? await startServer() : undefined;
  const serverUrl = url ?? own?.url ?? '';
  const name = `azora_bench_${process.pid}${suffix}`;
  const drop = async () => {
    await asAdmin(serverUrl, `drop database if exists ${name} with (force)`);
    await own?.stop();
  };
  try {
    await asAdmin(serverUrl, `create database ${name}`);
    const target = new URL(serverUrl);
    target.pathname = `/${name}`;
    await migrate({ url: target.href });
    const db = await connect({ url: target.href, max, statementTimeoutMs: 0 });
    const close = async () => {
      await db.close();
      await drop();
    };
    return { url: target.href, db, description: await describe(db), close };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), 'azora-bench-'));
  const server = await startEmbedded({ dataDir: join(folder, 'data'), settings });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
    await rm(server.dataDir, { recursive: true, force: true });
  };
  return { url: server.url, stop };
}

async function asAdmin(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function describe(db: Database): Promise<string> {
  const { rows } = await db.$client.query(`
    select version() as version, string_agg(name || '=' || setting, ', ' order by name) as settings
    from pg_settings
    where name in ('fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'jit')`);
  return `${rows[0].version.split(' on ')[0]}${await describeBuild(db)}, ${rows[0].settings}`;
}

/**
 * Whether the server was built for speed: the embedded one is for size (-Os), which takes a third
 * longer here and there.
 */
async function describeBuild(db: Database): Promise<string> {
  const { rows } = await db.$client.query(
    `select has_table_privilege('pg_catalog.pg_config', 'select') as "isReadable"`,
  );
  if (!rows[0].isReadable) return '';
  const build = await db.$client.query(
    `select substring(setting from '.*(-O\\S+)') as level
     from pg_catalog.pg_config
     where name = 'CFLAGS'`,
  );
  return ` built with ${build.rows[0]?.level ?? 'no optimization'}`;
}
