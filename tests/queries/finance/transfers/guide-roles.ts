import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll } from 'vitest';
import { connect } from '../../../../src/db/connect.ts';
import type { Database } from '../../../../src/db/session.ts';
import { deposit, openWallet } from '../../../../src/queries/finance/index.ts';
import { insertUser } from '../../../../src/testing/factories/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';

/** The roles that docs/wallets.md makes, with its own grants, each logged in, and a database in which two people have wallets. */
interface GuideRoles {
  /** The owner's. */
  readonly owner: Database;
  readonly app: Database;
  readonly sealer: Database;
  /** The SQL that lets `app` settle enrollments too. */
  readonly enrolling: string;
}

export const [alice, bob] = [randomUUID(), randomUUID()];
export const zar = (userId: string) => ({ userId, currency: 'ZAR' });
export const fresh = () => ({ idempotencyKey: randomUUID() });
/** A transfer that can be done. */
export const sent = () => ({ from: zar(alice), to: zar(bob), amount: 5n, ...fresh() });

/** There from `beforeAll` on. */
export function useGuideRoles(): GuideRoles {
  const database = useTestDatabase();
  const suffix = randomUUID().slice(0, 8);
  const names = { app: `app_${suffix}`, sealer: `sealer_${suffix}` };
  const roles = {} as { -readonly [Key in keyof GuideRoles]: GuideRoles[Key] };

  beforeAll(async () => {
    const { db: owner, url } = database;
    const grants = await readGrants(url, names);
    roles.owner = owner;
    roles.enrolling = grants.enrolling;
    // Logged in and not by `set role`: a session of the owner could leave the role, and connect() itself reads a table.
    roles.app = await logIn(owner, url, names.app, grants.app);
    roles.sealer = await logIn(owner, url, names.sealer, grants.sealer);
    for (const id of [alice, bob]) {
      await insertUser(owner, { id });
      await openWallet(roles.app, zar(id));
    }
    await openWallet(roles.app, { userId: alice, currency: 'USD' });
    await deposit(roles.app, { ...zar(alice), amount: 10_000n, ...fresh() });
  });

  afterAll(async () => {
    await Promise.all([roles.app?.close(), roles.sealer?.close()]);
    for (const name of Object.values(names)) {
      await database.db.$client.query(`drop owned by ${name}; drop role ${name}`);
    }
  });

  return roles;
}

/** The blocks of SQL in the guide, for this database and the roles of this run. */
async function readGrants(url: string, names: { app: string; sealer: string }) {
  const guide = await readFile(new URL('../../../../docs/wallets.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, block = '']) =>
    block
      .replaceAll('database azora ', `database ${new URL(url).pathname.slice(1)} `)
      .replaceAll('azora_app', names.app)
      .replaceAll('azora_sealer', names.sealer),
  );
  const [app = '', enrolling = '', sealer = '', ...others] = blocks;
  if (others.length > 0) throw new Error('the guide has more SQL than this test knows of');
  return { app, enrolling, sealer };
}

async function logIn(owner: Database, ownerUrl: string, name: string, granted: string) {
  const password = randomUUID();
  await owner.$client.query(`create role ${name} login password '${password}'; ${granted}`);
  const url = new URL(ownerUrl);
  [url.username, url.password] = [name, password];
  return connect({ url: url.href });
}
