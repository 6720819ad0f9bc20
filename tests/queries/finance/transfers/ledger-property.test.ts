import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditLedger } from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { SOUND } from '../bundle.ts';
import { type Kind, type Operation, type OperationOf, operation } from './ledger-operations.ts';
import { createPair } from './ledger-pair.ts';
import { step } from './ledger-steps.ts';

const database = useTestDatabase();

/** An operation with what matters; the rest is as usual. */
function op<K extends Kind>(kind: K, fields: Partial<OperationOf<K>> = {}): OperationOf<K> {
  const usual = { user: 0, currency: 'ZAR', amount: 20n, pick: 0, isRefund: false };
  return { ...usual, kind, ...fields } as unknown as OperationOf<K>;
}

const one = { from: 0, to: 1, currency: 'ZAR' as const, amount: 5n, day: 2 };

// What random programs seldom come to: holds that come due, swept or met by a posting, closed wallets, and
// every state of a payment and a proof.
const tour: Operation[] = [
  op('deposit', { amount: 30n, key: 1, day: 3 }),
  op('hold', { amount: 20n, key: 2 }),
  op('look'),
  op('transfer', { one: { ...one, amount: 15n, key: 3 } }),
  op('comeDue'),
  op('transfer', { one: { ...one, amount: 15n, key: 4 } }),
  op('capture', { to: 1, amount: 5n, key: 5 }),
  op('release', { key: 6 }),
  op('hold', { amount: 5n, key: 7 }),
  op('comeDue', { pick: 1 }),
  op('sweep'),
  op('release', { pick: 1, key: 8 }),
  op('hold', { amount: 5n, key: 9 }),
  op('capture', { pick: 2, to: 1, amount: 2n, key: 10, day: 1 }),
  op('release', { pick: 2, key: 11 }),
  op('batch', { transfers: [{ ...one, key: 24 }], atomic: true }),
  op('combine', { transfers: [1, 2, 3, 4].map((i) => ({ ...one, key: 11 + i })) }),
  op('batch', { transfers: [{ ...one, key: 16 }], atomic: true }),
  op('withdraw', { amount: 3n, key: 17 }),
  op('reverse', { amount: 1n, key: 20 }),
  op('reverse', { pick: 1, amount: 1n, key: 21 }),
  op('close', { user: 2 }),
  op('close', { user: 0 }),
  op('transfer', { one: { ...one, to: 2, amount: 1n, key: 18 } }),
  op('deposit', { user: 2, key: 19 }),
  op('submit', { key: 1 }),
  op('reward'),
  op('verify'),
  op('reward'),
  op('reverse', { amount: 1n, key: 22 }),
  op('reject'),
  op('submit', { key: 2 }),
  op('reject', { pick: 1 }),
  op('verify', { pick: 1 }),
  op('pay', { reference: 1 }),
  op('refund'),
  op('settle'),
  op('reverse', { amount: 1n, key: 23 }),
  op('fail'),
  op('refund'),
  op('settle'),
  op('pay', { reference: 1, amount: 21n }),
  op('pay', { reference: 2, isRefund: true, amount: 2n ** 62n }),
  op('settle', { pick: 1 }),
  op('fail', { pick: 1 }),
];

/** Does a program on a ledger and on the model; what it adds to `seen` is what the requests came to. */
async function run(program: Operation[], seen: Set<string>): Promise<void> {
  const pair = await createPair(database.db, seen);
  for (const each of program) await step(pair, each);
  await pair.compareWallets();
  expect(await auditLedger(database.db)).toEqual(SOUND);
}

test('a tour meets every refusal that is hard to come by, and is answered as the model answers it', async () => {
  const seen = new Set<string>();
  await run(tour, seen);
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'batch ok',
      'capture HOLD_EXPIRED',
      'capture ok',
      'close WALLET_NOT_EMPTY',
      'close ok',
      'combine INSUFFICIENT_FUNDS',
      'deposit WALLET_CLOSED',
      'pay REFERENCE_TAKEN',
      'refund REFUNDED',
      'refund WRONG_STATE',
      'reject WRONG_STATE',
      'release HOLD_EXPIRED',
      'release HOLD_RESOLVED',
      'reverse ALREADY_REVERSED',
      'reverse NOT_REVERSIBLE',
      'reverse ok',
      'reward REWARDED',
      'reward WRONG_STATE',
      'settle INSUFFICIENT_FUNDS',
      'transfer INSUFFICIENT_FUNDS',
      'transfer WALLET_CLOSED',
      'verify WRONG_STATE',
    ]),
  );
});

test('any program of requests is answered as the model answers it, and leaves its balances', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 25, maxLength: 60 }), (program) =>
      run(program, new Set()),
    ),
    { numRuns: 40 },
  );
}, 240_000);
