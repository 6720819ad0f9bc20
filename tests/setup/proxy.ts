import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A network between a client and the real server, which a test can break. */
export interface Proxy {
  url: string;
  /** Resets every connection, without a word from the server. */
  break(): void;
  /** Lets nothing through any more, in either direction, and closes nothing; new connections are taken, and frozen. */
  freeze(): void;
  /** Lets new connections through again. Those that were frozen stay so. */
  thaw(): void;
  /** Lets nothing of the server's through any more: it hears every request, and no answer arrives. */
  swallowAnswers(): void;
  /** Takes no new connection. */
  refuse(): void;
  /** Which side hung up first on the first connection. */
  firstToHangUp: Promise<'client' | 'server'>;
  stop(): void;
}

export async function startProxy(serverUrl: string): Promise<Proxy> {
  const target = new URL(serverUrl);
  const sockets: Socket[] = [];
  const upstreams: Socket[] = [];
  let isFrozen = false;
  let report = (_side: 'client' | 'server') => {};
  const firstToHangUp = new Promise<'client' | 'server'>((resolve) => {
    report = resolve;
  });
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    upstreams.push(upstream);
    client.on('end', () => report('client')).on('error', () => upstream.destroy());
    upstream.on('end', () => report('server')).on('error', () => client.destroy());
    if (!isFrozen) client.pipe(upstream).pipe(client);
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
    freeze: () => {
      isFrozen = true;
      for (const socket of sockets) socket.unpipe();
    },
    thaw: () => {
      isFrozen = false;
    },
    swallowAnswers: () => {
      for (const upstream of upstreams) upstream.unpipe().resume();
    },
    refuse: () => {
      server.close();
    },
    firstToHangUp,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
