import { randomUUID } from 'node:crypto';
import type { Db } from '../../../src/db/session.ts';
import { deposit } from '../../../src/queries/finance/transfers/deposit.ts';
import { openWallet } from '../../../src/queries/finance/wallets/open-wallet.ts';
import { users } from '../../../src/schema/identity/users.ts';

/** What an audit says of a ledger in which everything agrees. */
export const SOUND = { clean: true, findings: [] };

export async function createUser(db: Db): Promise<string> {
  const [user] = await db
    .insert(users)
    .values({ email: `${randomUUID()}@example.com`, name: 'Test' })
    .returning({ id: users.id });
  if (user === undefined) throw new Error('no user');
  return user.id;
}

/** A user with an open wallet that holds `posted`. */
export async function createHolder(db: Db, posted = 0n, currency = 'ZAR'): Promise<string> {
  const userId = await createUser(db);
  await openWallet(db, { userId, currency });
  if (posted > 0n) {
    await deposit(db, { userId, currency, amount: posted, idempotencyKey: 'first deposit' });
  }
  return userId;
}

/** Runs plain SQL, around the query functions, and returns what the server refused it with. */
export async function refusalOf(
  db: { $client: import('pg').Pool },
  sql: string,
  values: unknown[] = [],
) {
  try {
    await db.$client.query(sql, values);
  } catch (error) {
    const { code, constraint, table } = error as {
      code: string;
      constraint?: string;
      table?: string;
    };
    return { code, constraint, table };
  }
  throw new Error(`the server accepted: ${sql}`);
}
