import { randomBytes, randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  postTransfers,
  sealEntries,
  transfer,
  verifySeals,
} from '../../../../src/queries/finance/index.ts';
import { runFromBefore } from '../../../setup/run-from-before.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';
import { plant } from './planting.ts';

const database = useTestDatabase({ max: 8 });
let alice: string;

/** Leaves 25 entries unsealed in the wallets of two, and few in others. */
beforeEach(async () => {
  const { db } = database;
  alice = await createHolder(db, 100n);
  const bob = await createHolder(db);
  await postTransfers(db, {
    transfers: Array.from({ length: 25 }, () => ({
      from: { userId: alice, currency: 'ZAR' },
      to: { userId: bob, currency: 'ZAR' },
      amount: 1n,
      idempotencyKey: randomUUID(),
    })),
  });
});

const small = { entriesPerSeal: 10, entriesPerRange: 4, walletsPerSeal: 3 };

async function counts() {
  const { rows } = await database.db.$client.query(`
    select
      (select count(*)::integer from finance.entries) as entries,
      (select sum(last_version - first_version + 1)::integer from finance.sealed_ranges) as sealed,
      (select count(*)::integer from finance.sealed_ranges as one
       where first_version > 1 and not exists (
         select from finance.sealed_ranges as previous
         where previous.user_id = one.user_id
           and previous.currency = one.currency
           and previous.last_version = one.first_version - 1
       )) as gaps,
      (select max(entries)::integer from (
         select sum(last_version - first_version + 1) as entries
         from finance.sealed_ranges group by seal_number
       ) as seals) as largest`);
  return rows[0];
}

describe('sealEntries', () => {
  test('seals a backlog piece by piece, also that of one wallet', async () => {
    const { db } = database;
    const { sealed, head } = await sealEntries(db, small);
    const { entries, ...rest } = await counts();
    expect(sealed).toBe(BigInt(entries));
    expect(rest).toEqual({ sealed: entries, gaps: 0, largest: 10 });
    expect(await sealEntries(db, small)).toEqual({ sealed: 0n, head });
    expect(await verifySeals(db, head ? { head } : {})).toMatchObject(SOUND);
  });

  test('ends a piece with the entry whose metadata are too much, at least one by one', async () => {
    const { db } = database;
    await sealEntries(db);
    const bob = await createHolder(db);
    for (const size of [0, 3_000, 20, 3_000, 3_000]) {
      await transfer(db, {
        from: { userId: alice, currency: 'ZAR' },
        to: { userId: bob, currency: 'ZAR' },
        amount: 1n,
        idempotencyKey: randomUUID(),
        metadata: { noise: randomBytes(size / 2).toString('hex') },
      });
    }
    const pieces: number[] = [];
    let [owner, currency] = ['00000000-0000-0000-0000-000000000000', ''];
    for (;;) {
      const { rows } = await db.$client.query(
        'select * from finance.seal_entries($1, $2, 1000, 100, 10000, 2500)',
        [owner, currency],
      );
      if (rows[0].last_owner === null) break;
      if (rows[0].sealed > 0n) pieces.push(Number(rows[0].sealed));
      [owner, currency] = [rows[0].last_owner, rows[0].last_currency];
    }
    // The same five in the wallet of each; the deposit and its like are light.
    expect(pieces.reduce((sum, one) => sum + one, 0)).toBe(10);
    expect(pieces.length).toBeGreaterThanOrEqual(6);
    expect((await counts()).gaps).toBe(0);
    expect(await verifySeals(db)).toMatchObject(SOUND);
  });

  test('seals everything once when several are at it', async () => {
    const { db } = database;
    const sealers = await Promise.all(Array.from({ length: 4 }, () => sealEntries(db, small)));
    const { entries, sealed, gaps } = await counts();
    expect({ sealed, gaps }).toEqual({ sealed: entries, gaps: 0 });
    // The tests before sealed all that there was then: 25 entries of two, and a deposit's two.
    expect(sealers.reduce((sum, one) => sum + one.sealed, 0n)).toBe(52n);
    expect(await verifySeals(db)).toMatchObject(SOUND);
  });

  test('is run again with its transaction when another was faster', async () => {
    const { db } = database;
    let sealed: bigint | undefined;
    const attempts = await runFromBefore(
      db,
      () => sealEntries(db, small),
      async (tx) => {
        ({ sealed } = await sealEntries(tx, small));
      },
    );
    expect({ attempts, sealed }).toEqual({ attempts: 2, sealed: 0n });
    expect(await verifySeals(db)).toMatchObject(SOUND);
  });
});

describe('verifySeals', () => {
  test.each([1, 3, 7, 10_000])('finds the same in pieces of %i', async (entriesPerPiece) => {
    const { db } = database;
    const { head } = await sealEntries(db);
    expect(await verifySeals(db, { entriesPerPiece })).toMatchObject({
      ...SOUND,
      seals: head?.number,
    });
    const add = (change: string) =>
      plant(
        db,
        `update finance.entries set amount = amount ${change} where user_id = '${alice}' and version = 20`,
      );
    await add('- 1');
    expect(await verifySeals(db, { entriesPerPiece })).toMatchObject({
      clean: false,
      findings: [
        { kind: 'ALTERED_ENTRY', keys: { userId: alice, currency: 'ZAR', version: '20' } },
      ],
    });
    await add('+ 1');
  });

  // Last, because it takes the checks away.
  test('lets no range fall between two pieces by its versions', async () => {
    const { db } = database;
    const { head } = await sealEntries(db, { entriesPerRange: 4 });
    const range = `user_id = '${alice}' and last_version = 8`;
    await plant(
      db,
      'alter table finance.sealed_ranges drop constraint sealed_ranges_versions_check',
      'alter table finance.sealed_ranges drop constraint sealed_ranges_digests_length_check',
      `update finance.sealed_ranges set first_version = last_version + 100 where ${range}`,
      `update finance.entries set amount = amount - 1 where user_id = '${alice}' and version = 6`,
    );
    const verdict = await verifySeals(db, { head: head ?? undefined, entriesPerPiece: 4 });
    await plant(
      db,
      `update finance.entries set amount = amount + 1 where user_id = '${alice}' and version = 6`,
      `update finance.sealed_ranges set first_version = 5 where ${range}`,
    );
    expect(verdict).toMatchObject({
      clean: false,
      findings: [{ kind: 'ALTERED_ENTRY', keys: { userId: alice } }],
    });
  });
});
