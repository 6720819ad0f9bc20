import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  auditLedger,
  captureHold,
  deposit,
  exchange,
  openWallet,
  placeHold,
  reverseTransaction,
  transfer,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { expectFindings, plant } from '../audit/planting.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import {
  type EntryValues,
  LIQUIDITY,
  postingSql,
  type TransactionValues,
  transactionSql,
} from './ledger-sql.ts';

/* A transaction that refers to another moves what that says, between its parties. */
const database = useTestDatabase();
let alice: string;
let bob: string;
let carol: string;

const zar = (userId: string) => ({ userId, currency: 'ZAR' });
const fresh = () => ({ idempotencyKey: randomUUID() });

beforeAll(async () => {
  const { db } = database;
  [alice, bob, carol] = [
    await createHolder(db, 1_000n),
    await createHolder(db, 1_000n),
    await createHolder(db, 1_000n),
  ];
  for (const [system, amount] of [
    ['LIQUIDITY', 1_000n],
    ['FEES', 1_000n],
  ] as const) {
    await transfer(db, {
      from: { system: 'EXTERNAL', currency: 'USD' },
      to: { system, currency: 'USD' },
      amount,
      ...fresh(),
    });
  }
  await openWallet(db, { userId: alice, currency: 'USD' });
});

/** Alice pays Bob nine rand. */
const pay = (type: 'TRANSFER' | 'PAYMENT' | 'MINING_REWARD' | 'REFUND' = 'TRANSFER') =>
  transfer(database.db, { from: zar(alice), to: zar(bob), amount: 9n, type, ...fresh() });

const legs = (from: string, to: string, amount = 5, currency = 'ZAR'): EntryValues[] => [
  { owner: from, amount: -amount, currency },
  { owner: to, amount, currency },
];

async function refusedPosting(values: Partial<TransactionValues>, entries: EntryValues[]) {
  const text = await postingSql(
    database.db,
    { userId: alice, type: 'REVERSAL', ...values },
    entries,
  );
  return (await refusalOf(database.db, text)).constraint;
}

describe('a reversal', () => {
  test('moves the money back, the whole or a part, from plain SQL too', async () => {
    const { db } = database;
    for (const amount of [9, 4]) {
      const { id } = await pay();
      const reversal = { userId: alice, type: 'REVERSAL', reverses: id, amount };
      await db.$client.query(await postingSql(db, reversal, legs(bob, alice, amount)));
    }
    expect(await auditLedger(db)).toEqual(SOUND);
  });

  test.each<[string, () => EntryValues[]]>([
    ['pays somebody else', () => legs(bob, carol)],
    ['takes from somebody else', () => legs(carol, alice)],
    ['goes the same way again', () => legs(alice, bob)],
    [
      'gives a third party a share',
      () => [
        { owner: bob, amount: -5 },
        { owner: alice, amount: 3 },
        { owner: carol, amount: 2 },
      ],
    ],
  ])('is refused when it %s', async (_what, entries) => {
    const { id: reverses } = await pay();
    expect(await refusedPosting({ reverses }, entries())).toBe('entries_reversed_parties_check');
  });

  test('is refused of more than there was', async () => {
    const { id: reverses } = await pay();
    expect(await refusedPosting({ reverses, amount: 10 }, legs(bob, alice, 10))).toBe(
      'entries_reversible_check',
    );
  });

  test('is refused in another currency', async () => {
    const { db } = database;
    await openWallet(db, { userId: bob, currency: 'USD' });
    await deposit(db, { userId: bob, currency: 'USD', amount: 9n, ...fresh() });
    const { id: reverses } = await pay();
    const usd = { reverses, currency: 'USD' };
    expect(await refusedPosting(usd, legs(bob, alice, 5, 'USD'))).toBe('entries_reversible_check');
  });

  test('names what it reverses, and nothing else does but a refund', async () => {
    const { id: reverses } = await pay();
    expect(await refusedPosting({}, legs(bob, alice))).toBe('entries_reversible_check');
    for (const type of [
      'TRANSFER',
      'DEPOSIT',
      'WITHDRAWAL',
      'PAYMENT',
      'MINING_REWARD',
      'REFUND',
    ]) {
      expect(await refusedPosting({ type, reverses }, legs(bob, alice))).toBe(
        'entries_reversible_check',
      );
    }
  });

  test('is no hold and no release, which would count as the one that there can be', async () => {
    const { db } = database;
    const { id: reverses } = await pay();
    const id = randomUUID();
    const refused = {
      code: '23514',
      table: 'transactions',
      constraint: 'transactions_reverses_by_type_check',
    };
    const held = `${transactionSql({ userId: alice, id, type: 'HOLD', reverses })}
      insert into finance.holds (user_id, id, currency, amount, created_at, expires_at)
      values ('${alice}', '${id}', 'ZAR', 5, clock_timestamp(), '2999-01-01');`;
    expect(await refusalOf(db, held)).toEqual(refused);
    const { id: holdId } = await placeHold(db, {
      ...zar(alice),
      amount: 5n,
      expiresAt: new Date('2999-01-01'),
      ...fresh(),
    });
    const released = `${transactionSql({ userId: alice, id, type: 'RELEASE', reverses })}
      update finance.holds set status = 'RELEASED', resolution_id = '${id}',
        resolved_at = greatest(clock_timestamp(), created_at) where id = '${holdId}';`;
    expect(await refusalOf(db, released)).toEqual(refused);
    const reversal = { userId: alice, transactionId: reverses, ...fresh() };
    expect(await reverseTransaction(db, reversal)).toMatchObject({ reversesId: reverses });
  });

  test('is of what can be reversed, and done', async () => {
    const { db } = database;
    const reversed = await reverseTransaction(db, {
      userId: alice,
      transactionId: (await pay()).id,
      ...fresh(),
    });
    expect(await refusedPosting({ reverses: reversed.id }, legs(alice, bob))).toBe(
      'entries_reversible_check',
    );
    for (const type of ['PAYMENT', 'MINING_REWARD', 'REFUND'] as const) {
      const { id: reverses } = await pay(type);
      expect(await refusedPosting({ reverses }, legs(bob, alice))).toBe('entries_reversible_check');
    }
    const id = randomUUID();
    await db.$client.query(transactionSql({ userId: alice, id, status: 'PENDING' }));
    expect(await refusedPosting({ reverses: id }, legs(bob, alice))).toBe(
      'entries_reversible_check',
    );
  });

  test('of an exchange gives back the same share of both currencies, rounded as the library does', async () => {
    const { db } = database;
    const rate = { numerator: 7n, denominator: 100n };
    const request = { userId: alice, from: 'ZAR', to: 'USD', amount: 100n, rate };
    const { id: reverses } = await exchange(db, { ...request, ...fresh() });
    const part = (usd: number): EntryValues[] => [
      ...legs(LIQUIDITY, alice, 33),
      ...legs(alice, LIQUIDITY, usd, 'USD'),
    ];
    const values = { reverses, amount: 33 };
    // 7 * 33 / 100 is 2.31.
    for (const usd of [1, 2, 4]) {
      expect(await refusedPosting(values, part(usd))).toBe('entries_reversed_parties_check');
    }
    await db.$client.query(
      await postingSql(db, { userId: alice, type: 'REVERSAL', ...values }, part(3)),
    );
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});

describe('a refund', () => {
  test('goes back the way that the payment came', async () => {
    const { db } = database;
    for (const entries of [legs(bob, carol), legs(alice, bob), legs(carol, alice)]) {
      const { id: reverses } = await pay('PAYMENT');
      expect(await refusedPosting({ type: 'REFUND', reverses }, entries)).toBe(
        'entries_reversed_parties_check',
      );
    }
    const { id: reverses } = await pay('PAYMENT');
    const refund = { userId: alice, type: 'REFUND', reverses };
    await db.$client.query(await postingSql(db, refund, legs(bob, alice)));
    expect(await auditLedger(db)).toEqual(SOUND);
  });
});

describe('a capture', () => {
  test.each<[string, () => EntryValues[]]>([
    ['debits somebody else', () => legs(bob, carol)],
    ['pays the holder', () => legs(bob, alice)],
    [
      'debits somebody else for a part',
      () => [
        { owner: alice, amount: -3 },
        { owner: bob, amount: -2 },
        { owner: carol, amount: 5 },
      ],
    ],
  ])('is refused when it %s', async (_what, entries) => {
    const { db } = database;
    const { id } = await placeHold(db, {
      ...zar(alice),
      amount: 5n,
      expiresAt: new Date('2999-01-01'),
      ...fresh(),
    });
    const captureId = randomUUID();
    const capture = await postingSql(
      db,
      { userId: alice, type: 'CAPTURE', id: captureId },
      entries(),
    );
    const resolve = `update finance.holds set status = 'CAPTURED', captured = 5,
      resolved_at = greatest(clock_timestamp(), created_at), resolution_id = '${captureId}' where id = '${id}';`;
    const text = capture.replace(
      'insert into finance.entries',
      `${resolve} insert into finance.entries`,
    );
    expect((await refusalOf(db, text)).constraint).toBe('entries_captured_from_holder_check');
  });
});

describe('auditLedger finds, when triggers were disabled,', () => {
  /** Moves the leg of one wallet to another, in the entries alone. */
  const moveLeg = (transactionId: string, from: string, to: string) => [
    `update finance.entries set user_id = '${to}', version = version + 1000
     where transaction_id = '${transactionId}' and user_id = '${from}'`,
  ];
  const moveBack = (transactionId: string, from: string, to: string) => [
    `update finance.entries set user_id = '${from}', version = version - 1000
     where transaction_id = '${transactionId}' and user_id = '${to}'`,
  ];

  test('a reversal that paid somebody else, or names nothing, and a transfer that names something', async () => {
    const { db } = database;
    const original = await pay();
    const { id } = await reverseTransaction(db, {
      userId: alice,
      transactionId: original.id,
      ...fresh(),
    });
    const finding = { kind: 'REFERENCE_BROKEN', keys: { initiatorId: alice, transactionId: id } };
    const set = (assignment: string) => [
      `update finance.transactions set ${assignment} where id = '${id}'`,
    ];
    await expectFindings(
      db,
      { fault: set('reverses_id = null'), cure: set(`reverses_id = '${original.id}'`) },
      [finding],
    );
    await expectFindings(db, { fault: set(`type = 'TRANSFER'`), cure: set(`type = 'REVERSAL'`) }, [
      { ...finding, field: 'entries_reversible_check' },
    ]);
    const { findings } = await planted(moveLeg(id, alice, carol), moveBack(id, alice, carol));
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'REFERENCE_BROKEN',
        keys: { initiatorId: alice, transactionId: id, currency: 'ZAR' },
        field: 'entries_reversed_parties_check',
      }),
    );
  });

  test('a capture that debited somebody else', async () => {
    const { db } = database;
    const { id: holdId } = await placeHold(db, {
      ...zar(alice),
      amount: 5n,
      expiresAt: new Date('2999-01-01'),
      ...fresh(),
    });
    const { id } = await captureHold(db, {
      userId: alice,
      holdId,
      to: { userId: bob },
      ...fresh(),
    });
    const { findings } = await planted(moveLeg(id, alice, carol), moveBack(id, alice, carol));
    expect(findings).toContainEqual(
      expect.objectContaining({
        kind: 'REFERENCE_BROKEN',
        keys: { initiatorId: alice, transactionId: id, currency: 'ZAR' },
        field: 'entries_captured_from_holder_check',
      }),
    );
  });

  async function planted(fault: string[], cure: string[]) {
    const { db } = database;
    await plant(db, ...fault);
    const found = await auditLedger(db);
    await plant(db, ...cure);
    expect(await auditLedger(db)).toEqual(SOUND);
    return found;
  }
});
