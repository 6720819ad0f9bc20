import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect, moneyToJson, toJson } from '@azora/db';
import { startEmbedded } from '@azora/db/embedded';
import { getMigrationStatus, verifySchema } from '@azora/db/migrate';
import { demoUsers } from '@azora/db/seeds';
import { eq } from 'drizzle-orm';
import pg from 'pg';
import * as schema from './schema.ts';

/** Runs a command of the project with the database's URL, and expects its exit code. */
function run(command, code = 0) {
  const [program, ...args] = command.split(' ');
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${program}`, args, {
    env: { ...process.env, DATABASE_URL: url, TEST_DATABASE: 'embedded', NODE_ENV: '' },
    encoding: 'utf8',
  });
  assert.equal(status, code, `${command} ended with ${status}:\n${stdout}${stderr}`);
  console.log(`${command}: ${status}`);
  return stdout + stderr;
}

async function sql(text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A database that has nothing yet; the steps after it are about that. */
async function freshDatabase(name) {
  url = server.url;
  await sql(`create database ${name}`);
  const parts = new URL(server.url);
  parts.pathname = `/${name}`;
  url = parts.href;
}

const isWhole = async () => assert.deepEqual((await verifySchema({ url })).differences, []);
const rows = async (table) => Number((await sql(`select count(*) from ${table}`))[0].count);
const ours = 'azora_db.migrations';
const theirs = 'drizzle.__drizzle_migrations';

const server = await startEmbedded({ ephemeral: true });
let url = server.url;
try {
  const help = run('azora-db --help');
  for (const name of ['generate', 'land', 'studio'])
    assert(!new RegExp(`^  ${name} `, 'm').test(help));

  await freshDatabase('by_push');
  run('azora-db status', 4);
  run('azora-db push');
  await isWhole();
  assert.match(run('azora-db push'), /no changes/);

  await freshDatabase('ours_first');
  assert.match(run('azora-db migrate --dry-run'), /create table/i);
  run('azora-db status', 4);
  run('azora-db migrate');
  run('azora-db seed');
  assert.match(run('drizzle-kit generate --name create_orders'), /create_orders/);
  run('drizzle-kit migrate');
  await isWhole();
  const applied = (await getMigrationStatus({ url })).applied.length;
  assert.equal(await rows(ours), applied);
  assert.equal(await rows(theirs), 1);
  assert.match(run('drizzle-kit push'), /No changes/i);
  await isWhole();
  run('drizzle-kit push --config bare.config.ts', 1);
  await isWhole();
  run('azora-db status --verify');

  const db = await connect({
    url,
    schema: { orders: schema.orders, ordersRelations: schema.ordersRelations },
  });
  await db
    .insert(schema.orders)
    .values({ buyerId: demoUsers.student, item: 'a book', price: 9007199254740993n });
  const order = await db.query.orders.findFirst({
    with: { buyer: true },
    where: eq(schema.orders.item, 'a book'),
  });
  assert.equal(order.buyer.id, demoUsers.student);
  assert.equal(toJson(order).price, '9007199254740993');
  assert.deepEqual(moneyToJson({ amount: 5n, currency: 'ZAR' }), {
    amount: '0.05',
    currency: 'ZAR',
  });
  await db.close();

  await sql('alter table finance.wallets drop constraint wallets_available_check');
  await sql('drop trigger entries_apply on finance.entries');
  assert.match(run('azora-db status --verify', 3), /wallets_available_check/);
  assert.equal(JSON.parse(run('azora-db status --verify --json', 3)).schema.clean, false);
  await assert.rejects(connect({ url, verify: true }), { code: 'SCHEMA_DIFFERS' });
  assert.match(run('azora-db push'), /put back/);
  await isWhole();
  run('azora-db doctor');
  assert.equal(await rows('shop.orders'), 1);

  assert.match(run('azora-db reset --yes', 6), /shop\.orders/);
  assert.equal(await rows('shop.orders'), 1);
  run('azora-db reset --yes --force');
  await isWhole();
  assert.equal(await rows('shop.orders'), 1);

  await freshDatabase('theirs_first');
  run('drizzle-kit generate --config notes.config.ts --name create_notes');
  run('drizzle-kit migrate --config notes.config.ts');
  run('azora-db status', 4);
  run('azora-db migrate');
  run('drizzle-kit migrate --config notes.config.ts');
  await isWhole();
  assert.equal(await rows(ours), applied);
  assert.equal(await rows(theirs), 1);

  run('vitest run');
  console.log('The service works.');
} finally {
  await server.stop();
}
