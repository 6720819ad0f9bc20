import { randomUUID } from 'node:crypto';
import { relations, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/connect.ts';
import { openWallet } from '../../src/queries/finance/index.ts';
import * as tables from '../../src/schema/index.ts';
import { insertUser } from '../../src/testing/factories/index.ts';
import { useOpen } from '../setup/open.ts';
import { useTestDatabase } from '../setup/test-database.ts';

// Above 2^53, where JSON's numbers are no longer exact.
const LARGE = 9_007_199_254_740_993n;
const USER = randomUUID();
const database = useTestDatabase();
const open = useOpen(database);
let ours: Database<typeof schema>;

const schema = {
  ...tables,
  ofUsers: relations(tables.users, ({ many }) => ({
    wallets: many(tables.wallets),
    tokens: many(tables.tokens),
  })),
  ofWallets: relations(tables.wallets, ({ one, many }) => ({
    user: one(tables.users, { fields: [tables.wallets.holderId], references: [tables.users.id] }),
    sums: many(tables.occurrenceSums),
  })),
  ofSums: relations(tables.occurrenceSums, ({ one }) => ({
    wallet: one(tables.wallets, {
      fields: [tables.occurrenceSums.userId, tables.occurrenceSums.currency],
      references: [tables.wallets.userId, tables.wallets.currency],
    }),
  })),
  ofTokens: relations(tables.tokens, ({ one }) => ({
    user: one(tables.users, { fields: [tables.tokens.userId], references: [tables.users.id] }),
  })),
};

const plain = () => drizzle(database.db.$client, { schema });

beforeAll(async () => {
  const { db } = database;
  ours = await open({ schema });
  await insertUser(db, { id: USER, createdAt: new Date('0050-06-01T12:00:00.5Z') });
  await openWallet(db, { userId: USER, currency: 'ZAR' });
  // What no statement of the library stores: its own guards are away.
  await db.$client.query(`
    set session_replication_role = replica;
    update finance.wallets set posted = ${LARGE}, version = 1 where user_id = '${USER}';
    insert into finance.occurrence_sums (user_id, currency, level, stretch, amount)
    values ('${USER}', 'ZAR', 0, ${LARGE}, ${LARGE}00000000001);
    insert into identity.tokens (user_id, type, token_hash, expires_at)
    values ('${USER}', 'REFRESH', decode('${'00ff'.repeat(16)}', 'hex'), '2999-01-01');
    reset session_replication_role`);
});

describe('a relational query over our tables', () => {
  const query = (db: Pick<NodePgDatabase<typeof schema>, 'query'>) =>
    db.query.users.findFirst({
      where: (users, { eq }) => eq(users.id, USER),
      with: { wallets: { with: { sums: true, user: true } }, tokens: true },
      extras: (users, { sql }) => ({ loud: sql<string>`upper(${users.name})`.as('loud') }),
    });

  it('is exact on our database, at any depth', async () => {
    const found = await query(ours);
    const [wallet] = found?.wallets ?? [];
    expect(wallet).toMatchObject({ posted: LARGE, version: 1n, user: { id: USER } });
    expect(wallet?.sums).toEqual([
      expect.objectContaining({ stretch: LARGE, amount: BigInt(`${LARGE}00000000001`) }),
    ]);
    expect(found?.tokens[0]?.tokenHash).toEqual(Buffer.from('00ff'.repeat(16), 'hex'));
    expect(wallet?.user?.createdAt).toEqual(new Date('0050-06-01T12:00:00.5Z'));
    expect(found?.createdAt).toEqual(new Date('0050-06-01T12:00:00.5Z'));
    expect(found?.loud).toBe(found?.name.toUpperCase());
  });

  it('is so with columns, order and limit of its own, and as a prepared statement', async () => {
    const prepared = ours.query.users
      .findMany({
        where: (users, { eq }) => eq(users.id, USER),
        columns: { id: true },
        with: {
          wallets: {
            columns: { posted: true },
            limit: 1,
            orderBy: (wallets, { desc }) => desc(wallets.posted),
            extras: (wallets, { sql }) => ({
              pair: sql<unknown>`json_build_array(${wallets.version})`.as('pair'),
            }),
          },
        },
      })
      .prepare('relational');
    for (let i = 0; i < 2; i += 1) {
      expect(await prepared.execute()).toEqual([
        { id: USER, wallets: [{ posted: LARGE, pair: [1] }] },
      ]);
    }
  });

  it('is exact or refused on a Drizzle that is not of this library', async () => {
    await expect(query(plain())).rejects.toThrow('2^53');
    const small = await plain().query.users.findFirst({
      where: (users, { eq }) => eq(users.id, USER),
      with: { wallets: { columns: { version: true } }, tokens: true },
    });
    expect(small?.wallets).toEqual([{ version: 1n }]);
    expect(small?.tokens[0]?.tokenHash).toEqual(Buffer.from('00ff'.repeat(16), 'hex'));
  });

  it('leaves JSON of a caller’s own in plain queries as it is', async () => {
    const rows = await database.db
      .select({ data: sql<unknown>`json_build_array(${tables.wallets.version})`.as('data') })
      .from(tables.wallets)
      .limit(1);
    expect(rows).toEqual([{ data: [expect.any(Number)] }]);
  });
});
