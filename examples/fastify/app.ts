import { type Database, getWallet, listWallets, openWallet, toJson, transfer } from '@azora/db';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { toHttp } from '../http/errors.ts';
import { readTransfer, showTransaction, showWallet } from '../http/wallets.ts';

interface WalletRoute {
  Params: { userId: string; currency: string };
}

/** Wallets over HTTP. Who may see and spend which wallet is for a hook of the service to check. */
export function createApp(db: Database): FastifyInstance {
  const app = Fastify();

  // Every response goes through it, and so may have bigint and Date in it.
  app.setReplySerializer((payload) => JSON.stringify(toJson(payload)));

  app.setErrorHandler<FastifyError>((error, request, reply) => {
    // Fastify's own, such as a body that is no JSON.
    const { statusCode = 500, code = 'BAD_REQUEST', message } = error;
    if (statusCode < 500) return reply.status(statusCode).send({ error: { code, message } });
    const { status, body } = toHttp(error);
    if (status >= 500) request.log.error(error);
    return reply.status(status).send(body);
  });

  app.put<WalletRoute>('/users/:userId/wallets/:currency', async ({ params }) =>
    showWallet(await openWallet(db, params)),
  );

  app.get<WalletRoute>('/users/:userId/wallets/:currency', async ({ params }) =>
    showWallet(await getWallet(db, params)),
  );

  app.get<{ Params: { userId: string } }>('/users/:userId/wallets', async ({ params }) => {
    const { items, nextCursor } = await listWallets(db, params);
    return { items: items.map(showWallet), nextCursor };
  });

  app.post('/transfers', async ({ body, headers }, reply) => {
    const params = readTransfer(body, headers['idempotency-key'] as string | undefined);
    reply.status(201);
    return showTransaction(await transfer(db, params));
  });

  return app;
}
