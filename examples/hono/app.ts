import {
  type Database,
  getWallet,
  InvalidInputError,
  listWallets,
  openWallet,
  toJson,
  transfer,
} from '@azora/db';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { toHttp } from '../http/errors.ts';
import { readTransfer, showTransaction, showWallet } from '../http/wallets.ts';

/** Wallets over HTTP. Who may see and spend which wallet is for a middleware to check. */
export function createApp(db: Database) {
  const app = new Hono();

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    const { status, body } = toHttp(error);
    if (status >= 500) console.error(error);
    return c.json(body, status as ContentfulStatusCode);
  });

  app.put('/users/:userId/wallets/:currency', async (c) =>
    c.json(toJson(showWallet(await openWallet(db, c.req.param())))),
  );

  app.get('/users/:userId/wallets/:currency', async (c) =>
    c.json(toJson(showWallet(await getWallet(db, c.req.param())))),
  );

  app.get('/users/:userId/wallets', async (c) => {
    const { items, nextCursor } = await listWallets(db, c.req.param());
    return c.json(toJson({ items: items.map(showWallet), nextCursor }));
  });

  app.post('/transfers', async (c) => {
    const body: unknown = await c.req.json().catch(() => {
      throw new InvalidInputError('body', 'must be JSON');
    });
    const params = readTransfer(body, c.req.header('Idempotency-Key'));
    return c.json(toJson(showTransaction(await transfer(db, params))), 201);
  });

  return app;
}
