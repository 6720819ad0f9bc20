import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { transaction } from '../../../../src/db/transaction.ts';
import { auditLedger, deposit, transfer } from '../../../../src/queries/finance/index.ts';
import { rejection } from '../../../setup/errors.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, SOUND } from '../bundle.ts';
import { EXTERNAL, MINT, transactionSql } from '../transfers/ledger-sql.ts';
import { expectFindings, plant } from './planting.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });

let userId: string;
/** Alice's transfers of 1, 2, 3 and 4 to another, after a deposit of 100: her entries 2 to 5. */
let transfers: string[];

beforeAll(async () => {
  const { db } = database;
  userId = await createHolder(db, 100n);
  const other = await createHolder(db);
  transfers = [];
  for (let i = 1; i <= 4; i += 1) {
    const { id } = await transfer(db, {
      from: zar(userId),
      to: zar(other),
      amount: BigInt(i),
      idempotencyKey: `t${i}`,
    });
    transfers.push(id);
  }
});

const wallets = (change: string) =>
  `update finance.wallets set ${change} where user_id = '${userId}'`;

describe('auditLedger finds', () => {
  test('a balance that its entries do not explain', async () => {
    const fault = [wallets('posted = posted + 1')];
    const cure = [wallets('posted = posted - 1')];
    await plant(database.db, ...fault);
    const found = await auditLedger(database.db);
    await plant(database.db, ...cure);
    const keys = { ...zar(userId), version: '5' };
    const difference = { field: null, expected: '90', actual: '91' };
    expect(found).toEqual({
      clean: false,
      findings: [{ kind: 'BALANCE_MISMATCH', keys, ...difference }],
    });
  });

  test('a wrong version', async () => {
    const planted = { fault: [wallets('version = 9')], cure: [wallets('version = 5')] };
    await expectFindings(database.db, planted, [
      { kind: 'VERSION_MISMATCH', keys: zar(userId), expected: '5', actual: '9' },
    ]);
  });

  test('a wrong time of the newest entry', async () => {
    const shift = (sign: string) => wallets(`posted_at = posted_at ${sign} interval '1 day'`);
    await expectFindings(database.db, { fault: [shift('+')], cure: [shift('-')] }, [
      { kind: 'POSTED_AT_MISMATCH', keys: zar(userId) },
    ]);
  });

  test('a transaction that does not balance', async () => {
    const id = transfers[3] ?? '';
    const fault = [
      `insert into finance.entries (user_id, currency, version, transaction_user_id, transaction_id,
         amount, posted_after, recorded_at)
       values ('${userId}', 'ZAR', 6, '${userId}', '${id}', 3, 93,
         (select recorded_at from finance.transactions where id = '${id}'))`,
      wallets('posted = 93, version = 6'),
    ];
    const cure = [
      `delete from finance.entries where user_id = '${userId}' and version = 6`,
      wallets('posted = 90, version = 5'),
    ];
    await expectFindings(database.db, { fault, cure }, [
      {
        kind: 'UNBALANCED_TRANSACTION',
        keys: { initiatorId: userId, transactionId: id },
        expected: '0',
        actual: '3',
      },
    ]);
  });

  test('a transaction without entries', async () => {
    const id = randomUUID();
    const planted = {
      fault: [transactionSql({ userId, id })],
      cure: [`delete from finance.transactions where id = '${id}'`],
    };
    await expectFindings(database.db, planted, [
      { kind: 'MISSING_ENTRIES', keys: { initiatorId: userId, transactionId: id } },
    ]);
  });

  test.each([
    [
      'entries of a cancelled transaction',
      `status = 'CANCELLED'`,
      `status = 'COMPLETED'`,
      {
        kind: 'UNEXPECTED_ENTRIES',
      },
    ],
    [
      'entries of a release',
      `type = 'RELEASE'`,
      `type = 'TRANSFER'`,
      [{ kind: 'UNEXPECTED_ENTRIES' }, { kind: 'MISSING_HOLD' }],
    ],
    [
      'entries in another currency',
      `currency = 'USD'`,
      `currency = 'ZAR'`,
      {
        kind: 'CURRENCY_MISMATCH',
        expected: 'USD',
        actual: 'ZAR',
      },
    ],
    [
      'entries of another amount',
      'amount = 5',
      'amount = 4',
      {
        kind: 'AMOUNT_MISMATCH',
        expected: '5',
        actual: '4',
      },
    ],
  ])('%s', async (_what, fault, cure, findings) => {
    const id = transfers[3] ?? '';
    const set = (change: string) => [
      `update finance.transactions set ${change} where id = '${id}'`,
    ];
    const expected = [findings]
      .flat()
      .map((each) => ({ ...each, keys: { initiatorId: userId, transactionId: id } }));
    await expectFindings(database.db, { fault: set(fault), cure: set(cure) }, expected);
  });

  test.each(['occurred_at', 'recorded_at'])(
    'entries whose %s is not their transaction’s',
    async (field) => {
      const id = transfers[3] ?? '';
      const shift = (sign: string) => [
        `update finance.transactions set ${field} = ${field} ${sign} interval '1 day'
         where id = '${id}'`,
      ];
      const keys = { initiatorId: userId, transactionId: id };
      const finding = { kind: 'TIME_MISMATCH', keys, field };
      await expectFindings(database.db, { fault: shift('+'), cure: shift('-') }, [
        finding,
        finding,
      ]);
    },
  );

  test('a gap', async () => {
    const move = (from: number, to: number) => [
      `update finance.entries set version = ${to} where user_id = '${userId}' and version = ${from}`,
      wallets(`version = ${to}`),
    ];
    await expectFindings(database.db, { fault: move(5, 8), cure: move(8, 5) }, [
      { kind: 'VERSION_GAP', keys: { ...zar(userId), version: '8' }, expected: '5', actual: '8' },
    ]);
  });

  test('an altered running balance', async () => {
    const add = (change: string) => [
      `update finance.entries set posted_after = posted_after ${change}
       where user_id = '${userId}' and version = 3`,
    ];
    await expectFindings(database.db, { fault: add('+ 1'), cure: add('- 1') }, [
      { kind: 'RUNNING_BALANCE_MISMATCH', keys: { version: '3' }, expected: '97', actual: '98' },
      { kind: 'RUNNING_BALANCE_MISMATCH', keys: { version: '4' } },
    ]);
  });

  test('times out of order', async () => {
    // The first transfer is the other wallet's first entry, so only Alice's chain shows it.
    const id = transfers[0] ?? '';
    const shift = (sign: string) => [
      `update finance.transactions set recorded_at = recorded_at ${sign} interval '1 day',
         occurred_at = occurred_at ${sign} interval '1 day' where id = '${id}'`,
      `update finance.entries set recorded_at = recorded_at ${sign} interval '1 day'
       where transaction_id = '${id}'`,
    ];
    await expectFindings(database.db, { fault: shift('-'), cure: shift('+') }, [
      { kind: 'TIME_DISORDER', keys: { ...zar(userId), version: '2' } },
    ]);
  });

  test('a wallet that owes more than it may', async () => {
    const where = `where user_id = '${EXTERNAL}' and currency = 'ZAR'`;
    const fault = [
      'alter table finance.wallets drop constraint wallets_available_check',
      `update finance.wallets set credit_limit = 1 ${where}`,
    ];
    const cure = [
      `update finance.wallets set credit_limit = 9223372036854775807 ${where}`,
      'alter table finance.wallets add constraint wallets_available_check check (posted - held >= -credit_limit)',
    ];
    const keys = { userId: EXTERNAL, currency: 'ZAR' };
    await expectFindings(database.db, { fault, cure }, [
      { kind: 'NEGATIVE_AVAILABLE', keys, expected: '-1', actual: '-100' },
    ]);
  });

  test('more money minted than the supply', async () => {
    const { db } = database;
    const holder = { userId: await createHolder(db, 0n, 'AZR'), currency: 'AZR' };
    const mint = { system: 'MINT', currency: 'AZR' } as const;
    const limit = (value: bigint) =>
      `update finance.wallets set credit_limit = ${value} where user_id = '${MINT}' and currency = 'AZR'`;
    await plant(db, limit(2n ** 63n - 1n));
    const amount = 2_100_000_000_000_001n;
    await transfer(db, { from: mint, to: holder, amount, idempotencyKey: 'mint' });
    const found = await auditLedger(db);
    await transfer(db, { from: holder, to: mint, amount: 1n, idempotencyKey: 'burn' });
    await plant(db, limit(2_100_000_000_000_000n));
    expect(found.findings).toMatchObject([
      {
        kind: 'SUPPLY_EXCEEDED',
        keys: { userId: MINT, currency: 'AZR' },
        expected: '2100000000000000',
        actual: '2100000000000001',
      },
    ]);
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test('entries without a wallet', async () => {
    const keep = 'create table public.kept_wallet as select * from finance.wallets';
    const fault = [
      `${keep} where user_id = '${userId}'`,
      `delete from finance.wallets where user_id = '${userId}'`,
    ];
    const cure = [
      `insert into finance.wallets (user_id, currency, posted, version, posted_at)
       select user_id, currency, posted, version, posted_at from public.kept_wallet`,
      'drop table public.kept_wallet',
    ];
    await expectFindings(database.db, { fault, cure }, [
      { kind: 'ORPHAN_ENTRY', keys: zar(userId) },
    ]);
  });

  test('sums by occurred time that the entries do not explain', async () => {
    const { db } = database;
    const alice = await createHolder(db);
    const occurredAt = new Date('2024-01-01');
    await deposit(db, { ...zar(alice), amount: 5n, idempotencyKey: 'd', occurredAt });
    const add = (change: string) => [
      `update finance.occurrence_sums set amount = amount ${change}
       where user_id = '${alice}' and level = 3 and amount > 0`,
    ];
    await expectFindings(db, { fault: add('+ 1'), cure: add('- 1') }, [
      {
        kind: 'OCCURRENCE_MISMATCH',
        keys: { ...zar(alice), level: '3' },
        expected: '5',
        actual: '6',
      },
    ]);
  });
});

describe('auditLedger', () => {
  test('needs one snapshot: a transaction that is only read committed is refused', async () => {
    const { db } = database;
    const inside = transaction(db, (tx) => auditLedger(tx));
    expect(await rejection(inside)).toMatchObject({ code: 'INVALID_INPUT', field: 'isolation' });
  });

  test('leaves the timeout of the caller’s transaction as it was', async () => {
    const { db } = database;
    const read = async (tx: Parameters<typeof auditLedger>[0]) => {
      const { rows } = await tx.execute<{ statement_timeout: string }>(sql`show statement_timeout`);
      return rows[0]?.statement_timeout;
    };
    const after = await transaction(
      db,
      async (tx) => {
        await tx.execute(sql`set local statement_timeout = '71s'`);
        expect(await auditLedger(tx)).toEqual(SOUND);
        return read(tx);
      },
      { isolation: 'repeatable read' },
    );
    expect(after).toBe('71s');
  });
});
