import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import * as fastify from '../examples/fastify/app.ts';
import * as hono from '../examples/hono/app.ts';
import { statusOfCode, toHttp } from '../examples/http/errors.ts';
import {
  ConnectError,
  connect,
  type Database,
  deposit,
  getWallet,
  openWallet,
  platformCurrencies,
  SqlError,
} from '../src/index.ts';
import { failureCode } from '../src/schema/finance/transactions.ts';
import { currencies } from '../src/schema/index.ts';
import { insertUser } from '../src/testing/index.ts';
import { useTestDatabase } from './setup/test-database.ts';

const database = useTestDatabase();

interface Answer {
  status: number;
  body: Record<string, unknown>;
}
type Send = (
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  sent?: { key?: string; body?: unknown; text?: string },
) => Promise<Answer>;

type Sent = Parameters<Send>[2];

/** Headers and payload, as a client sends them: a request without a body has no type of one. */
function requestOf({ key, body, text = JSON.stringify(body) }: NonNullable<Sent> = {}) {
  const headers: Record<string, string> = {};
  if (key !== undefined) headers['Idempotency-Key'] = key;
  if (text !== undefined) headers['Content-Type'] = 'application/json';
  return { headers, text };
}

function sendToFastify(db: Database): Send {
  const app = fastify.createApp(db);
  return async (method, url, sent) => {
    const { headers, text } = requestOf(sent);
    const payload = text === undefined ? {} : { payload: text };
    const answer = await app.inject({ method, url, headers, ...payload });
    return { status: answer.statusCode, body: answer.json() };
  };
}

function sendToHono(db: Database): Send {
  const app = hono.createApp(db);
  return async (method, path, sent) => {
    const { headers, text = null } = requestOf(sent);
    const answer = await app.request(path, { method, headers, body: text });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  };
}

describe.each([
  ['examples/fastify', sendToFastify],
  ['examples/hono', sendToHono],
])('%s', (_example, sendTo) => {
  let send: Send;
  let payer: string;
  let payee: string;

  beforeAll(async () => {
    send = sendTo(database.db);
    payer = (await insertUser(database.db)).id;
    payee = (await insertUser(database.db)).id;
    await openWallet(database.db, { userId: payer, currency: 'ZAR' });
    await deposit(database.db, {
      userId: payer,
      currency: 'ZAR',
      amount: 10_000n,
      idempotencyKey: 'funds',
    });
  });

  const transferOf = (amount: unknown, currency = 'ZAR') => ({
    from: payer,
    to: payee,
    money: { amount, currency },
  });

  test('opens and shows a wallet, with money as decimal text', async () => {
    const path = `/users/${payee}/wallets/ZAR`;
    expect((await send('GET', path)).status).toBe(404);
    const opened = await send('PUT', path);
    expect(opened).toMatchObject({
      status: 200,
      body: { userId: payee, available: { amount: '0.00', currency: 'ZAR' }, version: '0' },
    });
    expect(opened.body.updatedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await send('PUT', path)).toEqual(opened);
    expect(await send('GET', path)).toEqual(opened);
    expect(await send('GET', `/users/${payee}/wallets`)).toEqual({
      status: 200,
      body: { items: [opened.body], nextCursor: null },
    });
  });

  test('moves money once, however often the same key comes', async () => {
    const sent = { key: 'once', body: transferOf('12.34') };
    const [first, again] = [
      await send('POST', '/transfers', sent),
      await send('POST', '/transfers', sent),
    ];
    expect(first).toMatchObject({
      status: 201,
      body: { type: 'TRANSFER', money: { amount: '12.34', currency: 'ZAR' } },
    });
    expect(again).toEqual(first);
    expect((await getWallet(database.db, { userId: payee, currency: 'ZAR' })).posted).toBe(1234n);
    expect(await send('POST', '/transfers', { key: 'once', body: transferOf('12.35') })).toEqual({
      status: 422,
      body: { error: expect.objectContaining({ code: 'IDEMPOTENCY_CONFLICT' }) },
    });
  });

  test('answers a refusal of the ledger with its code and amounts', async () => {
    const sent = { key: 'too much', body: transferOf('1000000.00') };
    expect(await send('POST', '/transfers', sent)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'INSUFFICIENT_FUNDS',
          requested: '100000000',
          available: expect.any(String),
        },
      },
    });
  });

  test('refuses what is no transfer, by field', async () => {
    const whole = transferOf('1.00');
    const refused: [{ key?: string; body?: unknown; text?: string }, string][] = [
      [{ body: whole }, 'Idempotency-Key'],
      [{ key: '', body: whole }, 'idempotencyKey'],
      [{ key: 'k', body: [] }, 'money'],
      [{ key: 'k', text: '5' }, 'body'],
      [{ key: 'k', body: transferOf(1.5) }, 'money.amount'],
      [{ key: 'k', body: transferOf('1.005') }, 'money.amount'],
      [{ key: 'k', body: transferOf('1e3') }, 'money.amount'],
      [{ key: 'k', body: transferOf('-1.00') }, 'amount'],
      [{ key: 'k', body: transferOf('1.00', 'zar') }, 'money.currency'],
      [{ key: 'k', body: { ...whole, from: 5 } }, 'from.userId'],
    ];
    for (const [sent, field] of refused) {
      expect(await send('POST', '/transfers', sent)).toMatchObject({
        status: 400,
        body: { error: { code: 'INVALID_INPUT', field } },
      });
    }
    const unknown = { key: 'k', body: transferOf('1.00', 'EUR') };
    expect(await send('POST', '/transfers', unknown)).toMatchObject({
      status: 422,
      body: { error: { code: 'UNKNOWN_CURRENCY' } },
    });
    for (const text of ['{"from": ', '', '{"__proto__": {"from": 1}}']) {
      const broken = await send('POST', '/transfers', { key: 'k', text });
      expect(broken).toMatchObject({ status: 400, body: { error: { code: expect.any(String) } } });
    }
    expect((await send('GET', '/users/nobody/wallets/ZAR')).status).toBe(400);
  });

  test('says nothing of the database when it is away', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const db = await connect({ url: database.url, max: 1 });
    await db.close();
    expect(await sendTo(db)('GET', `/users/${payer}/wallets/ZAR`)).toEqual({
      status: 503,
      body: { error: { code: 'POOL_CLOSED', message: 'try again, with the same key' } },
    });
    logged.mockRestore();
  });
});

describe('the table of statuses', () => {
  test('has codes that there are, and every refusal of the ledger', () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/errors.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(documented).toEqual(expect.arrayContaining(Object.keys(statusOfCode)));
    expect(Object.keys(statusOfCode)).toEqual(expect.arrayContaining(failureCode.enumValues));
  });

  test('keeps what is not for clients from them', () => {
    const internal = {
      status: 500,
      body: { error: { code: 'INTERNAL', message: 'something went wrong here' } },
    };
    const facts = { sqlState: '42P01', schema: 'finance', table: 'secrets' };
    expect(toHttp(new SqlError('SQL_ERROR', 'no relation secrets', facts))).toEqual(internal);
    expect(toHttp(new ConnectError('PASSWORD_WRONG', 'user "me" at h:5432'))).toEqual(internal);
    expect(toHttp(new TypeError('hunter2'))).toEqual(internal);
  });
});

test('platformCurrencies are the currencies of every migrated database', async () => {
  const { code, scale } = currencies;
  const rows = await database.db.select({ code, scale }).from(currencies).orderBy(code);
  expect(rows).toEqual(platformCurrencies);
});
