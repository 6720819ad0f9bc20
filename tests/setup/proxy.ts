import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between a client and the real server, which a test can break. */
export interface Proxy {
  url: string;
  /** Resets every connection, without a word from the server. */
  break(): void;
  /** Which side hung up first on the first connection. */
  firstToHangUp: Promise<'client' | 'server'>;
  stop(): void;
}

export async function startProxy(serverUrl: string): Promise<Proxy> {
  const target = new URL(serverUrl);
  const sockets: Socket[] = [];
  let report = (_side: 'client' | 'server') => {};
  const firstToHangUp = new Promise<'client' | 'server'>((resolve) => {
    report = resolve;
  });
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    client.on('end', () => report('client')).on('error', () => upstream.destroy());
    upstream.on('end', () => report('server')).on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    break: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    firstToHangUp,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
