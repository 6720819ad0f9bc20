import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { connect, type Database } from '../../../../src/db/connect.ts';
import { type EmbeddedServer, startEmbedded } from '../../../../src/embedded/index.ts';
import { migrate } from '../../../../src/migrate/index.ts';
import { queryOne } from '../../../setup/query.ts';
import { makeTemporaryFolder } from '../../../setup/temporary-folder.ts';
import { testServerUrl } from '../../../setup/test-database.ts';
import { createStormUsers, expectPostedOnce, sendAll } from './storm.ts';
import { createRequests } from './storm-requests.ts';

let folder = '';
let server: EmbeddedServer | undefined;

afterAll(async () => {
  await server?.stop();
  if (server) await rm(server.dataDir, { recursive: true, force: true });
  if (folder) await rm(folder, { recursive: true, force: true });
});

function open(url: string): Promise<Database> {
  return connect({ url, max: 16, connectTimeoutMs: 2_000 });
}

/** The tests of other versions kill other servers. */
async function majorOfThisRun(): Promise<number> {
  const row = await queryOne(testServerUrl(), 'show server_version');
  return Number.parseInt((row as { server_version: string }).server_version, 10);
}

test('a server that is killed in the middle of a storm loses no answer and no money', async () => {
  folder = await makeTemporaryFolder();
  const dataDir = join(folder, 'data');
  server = await startEmbedded({ dataDir, version: await majorOfThisRun() });
  await migrate({ url: server.url });
  let db = await open(server.url);
  const users = await createStormUsers(db, 5);
  const requests = createRequests(users, 1_000, 11);
  const before = await sendAll(() => db, requests.slice(0, 200), 16);

  const storm = sendAll(() => db, requests.slice(200), 16);
  for (let crash = 0; crash < 2; crash += 1) {
    await sleep(400);
    process.kill(server.pid, 'SIGKILL');
    const dead = db;
    server = await startEmbedded({ dataDir });
    db = await open(server.url);
    await dead.close().catch(() => undefined);
  }
  const after = await storm;

  expect(after.retries).toBeGreaterThan(0);
  await expectPostedOnce(db, requests);
  const again = await sendAll(() => db, requests, 16);
  for (const [request, answer] of [...before.answers, ...after.answers]) {
    expect(again.answers.get(request)).toBe(answer);
  }
  await expectPostedOnce(db, requests);
  await db.close();
}, 240_000);
