import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg, { type Client, type ClientBase, type Pool } from 'pg';

const ROUNDS = 5;
const PATIENCE_MS = 250;

/**
 * Whether something stands between this connection and its backend: a pooler answers with a cancel
 * key of its own, and PostgreSQL with one that begins with the process id.
 */
export function isPooled(client: ClientBase, backendPid: number): boolean {
  return (client as unknown as { processID: number | null }).processID !== backendPid;
}

/**
 * Whether a named statement reaches the server under its name. PgBouncer gives it one of its own,
 * and prepares it wherever it is needed, from 1.21 on with `max_prepared_statements` above 0.
 *
 * Rejects where no transaction may be opened.
 */
export async function keepsNames(client: ClientBase): Promise<boolean> {
  const name = `azora_probe_${randomBytes(8).toString('hex')}`;
  await client.query('begin');
  const { rowCount } = await client.query({
    name,
    text: 'select from pg_prepared_statements where name = $1',
    values: [name],
  });
  if (rowCount !== 0) await client.query(`deallocate ${name}`);
  await client.query('commit');
  return rowCount !== 0;
}

/**
 * Whether a connection has no session of its own, as in a pooler's transaction mode: its backend is
 * another from one transaction to the next, or is that of a second connection, which is opened for
 * this.
 */
export async function sharesBackends(client: ClientBase, pool: Pool): Promise<boolean> {
  const second = new (pool.options.Client ?? pg.Client)(pool.options) as Client;
  second.on('error', () => undefined);
  await second.connect();
  try {
    const own = new Set<string>();
    const others = new Set<string>();
    // An idle pooler shows it in the first round, a busy one in any.
    for (let round = 0; round < ROUNDS; round += 1) {
      own.add(await backendOf(client));
      const pid = await backendBeside(second, client);
      if (pid === undefined) return false;
      others.add(pid);
      if (own.size > 1 || others.size > 1 || [...own].some((pid) => others.has(pid))) return true;
    }
    return false;
  } finally {
    await second.end();
  }
}

/**
 * The backend of `second`, or nothing where it waits for one while `client` keeps its own, as in a
 * pooler's session mode. In transaction mode whoever waits goes first.
 */
async function backendBeside(second: ClientBase, client: ClientBase): Promise<string | undefined> {
  const answer = backendOf(second);
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  const settled = answer.then(settle, settle);
  await Promise.race([settled, setTimeout(PATIENCE_MS, undefined, { ref: false })]);
  for (let round = 0; round < ROUNDS && !isSettled; round += 1) await backendOf(client);
  return isSettled ? answer : undefined;
}

async function backendOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ pid: string }>('select pg_backend_pid()::text as pid');
  return rows[0]?.pid ?? '';
}
