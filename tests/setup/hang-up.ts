import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Database } from '../../src/db/connect.ts';

/**
 * Closes the socket of a random busy connection every few milliseconds, as a client does that gives up waiting: the server
 * goes on, and commits what nobody hears of. Until `stop` is called or `most` were closed.
 *
 * @returns `stop`, which tells how many it closed
 */
export function startHangingUp(
  { $client: pool }: Database,
  options: { most: number; everyMs: number },
): { stop(): Promise<number> } {
  const busy = new Set<PoolClient>();
  pool.on('acquire', (client) => busy.add(client));
  pool.on('release', (_error, client) => busy.delete(client));
  let isOver = false;
  let closed = 0;
  const closing = (async () => {
    while (!isOver && closed < options.most) {
      const [client] = [...busy].sort(() => Math.random() - 0.5);
      if (client !== undefined) {
        socketOf(client).destroy();
        closed += 1;
      }
      await sleep(options.everyMs);
    }
  })();
  const stop = async () => {
    isOver = true;
    await closing;
    return closed;
  };
  return { stop };
}

/** Not in the types of pg. */
function socketOf(client: PoolClient): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
