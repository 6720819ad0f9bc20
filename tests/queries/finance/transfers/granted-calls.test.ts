import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../../../src/db/session.ts';
import * as ledger from '../../../../src/queries/finance/index.ts';
import { insertUser } from '../../../../src/testing/factories/index.ts';
import { waitFor } from '../../../setup/wait-for.ts';
import { SOUND } from '../bundle.ts';
import { alice, bob, fresh, sent, useGuideRoles, zar } from './guide-roles.ts';

const roles = useGuideRoles();

const send = () => ledger.transfer(roles.app, sent());

function hold(expiresAt = new Date('2999-01-01')) {
  return ledger.placeHold(roles.app, { ...zar(alice), amount: 5n, expiresAt, ...fresh() });
}

function submit() {
  const proof = { userId: alice, type: 'PEER_TEACHING', tokensEarned: 5n, ...fresh() } as const;
  return ledger.submitMiningActivity(roles.app, proof);
}

async function verify() {
  return ledger.verifyMiningActivity(roles.app, { userId: alice, id: (await submit()).id });
}

function pay() {
  return ledger.createPayment(roles.app, {
    userId: alice,
    type: 'DONATION',
    amount: 100n,
    currency: 'ZAR',
    provider: 'payfast',
    providerReference: randomUUID(),
  });
}

async function settle() {
  return ledger.settlePayment(roles.app, { userId: alice, id: (await pay()).id });
}

async function exchange() {
  await ledger.transfer(roles.app, {
    from: { system: 'EXTERNAL', currency: 'USD' },
    to: { system: 'LIQUIDITY', currency: 'USD' },
    amount: 5n,
    ...fresh(),
  });
  const rate = { numerator: 1n, denominator: 18n };
  const request = { userId: alice, from: 'ZAR', to: 'USD', amount: 100n, rate, ...fresh() };
  return ledger.exchange(roles.app, request);
}

async function combine() {
  const combiner = ledger.createTransferCombiner(roles.app);
  const combined = await Promise.all([combiner.transfer(sent()), combiner.transfer(sent())]);
  await combiner.close();
  return combined;
}

async function close() {
  const { id } = await insertUser(roles.owner);
  await ledger.openWallet(roles.app, zar(id));
  return ledger.closeWallet(roles.app, zar(id));
}

async function expire() {
  let expired = 0;
  await hold(new Date(Date.now() + 1_000));
  await waitFor('the hold is due', async () => {
    expired = await ledger.expireHolds(roles.app);
    return expired > 0;
  });
  return expired;
}

async function verifySeals() {
  const { head } = await ledger.sealEntries(roles.sealer);
  return ledger.verifySeals(roles.app, { head: head ?? undefined });
}

type LedgerFunction = {
  [Name in keyof typeof ledger]: (typeof ledger)[Name] extends (
    db: infer First,
    ...rest: never[]
  ) => unknown
    ? Db extends First
      ? Name
      : never
    : never;
}[keyof typeof ledger];

/** A call of every function and what it returns; one that is missing here does not compile. */
const calls: Record<
  Exclude<LedgerFunction, 'sealEntries'>,
  [call: () => Promise<unknown>, returned: unknown]
> = {
  auditLedger: [() => ledger.auditLedger(roles.app), SOUND],
  captureHold: [
    async () =>
      ledger.captureHold(roles.app, {
        userId: alice,
        holdId: (await hold()).id,
        to: { userId: bob },
        ...fresh(),
      }),
    { type: 'CAPTURE' },
  ],
  closeWallet: [close, { status: 'CLOSED' }],
  createPayment: [() => pay(), { status: 'PENDING' }],
  createTransferCombiner: [combine, [{ type: 'TRANSFER' }, { type: 'TRANSFER' }]],
  // Backdated, because only that writes to the sums by occurred time.
  deposit: [
    () =>
      ledger.deposit(roles.app, {
        ...zar(alice),
        amount: 5n,
        occurredAt: new Date('2024-01-01'),
        ...fresh(),
      }),
    { type: 'DEPOSIT' },
  ],
  exchange: [exchange, { type: 'EXCHANGE', received: 5n }],
  expireHolds: [expire, 1],
  failPayment: [
    async () =>
      ledger.failPayment(roles.app, { userId: alice, id: (await pay()).id, reason: 'declined' }),
    { status: 'FAILED' },
  ],
  getBalanceAt: [
    () => ledger.getBalanceAt(roles.app, { ...zar(alice), occurredAt: new Date('2023-01-01') }),
    0n,
  ],
  getTransaction: [
    async () => {
      const { userId, id } = await send();
      return ledger.getTransaction(roles.app, { userId, id });
    },
    { type: 'TRANSFER', entries: [{}, {}] },
  ],
  getWallet: [() => ledger.getWallet(roles.app, zar(alice)), { userId: alice }],
  listStatement: [
    () => ledger.listStatement(roles.app, { ...zar(alice), limit: 1 }),
    { items: [{ transaction: { userId: alice } }] },
  ],
  listWallets: [
    () => ledger.listWallets(roles.app, { userId: alice, limit: 1 }),
    { items: [{ userId: alice }] },
  ],
  openWallet: [
    () => ledger.openWallet(roles.app, { userId: bob, currency: 'USD' }),
    { userId: bob, currency: 'USD' },
  ],
  placeHold: [() => hold(), { type: 'HOLD' }],
  postTransfers: [
    () => ledger.postTransfers(roles.app, { transfers: [sent()] }),
    [{ status: 'completed' }],
  ],
  refundPayment: [
    async () => ledger.refundPayment(roles.app, { userId: alice, id: (await settle()).id }),
    { status: 'REFUNDED' },
  ],
  rejectMiningActivity: [
    async () => {
      const { id } = await submit();
      return ledger.rejectMiningActivity(roles.app, { userId: alice, id, reason: 'copied' });
    },
    { status: 'REJECTED' },
  ],
  releaseHold: [
    async () =>
      ledger.releaseHold(roles.app, { userId: alice, holdId: (await hold()).id, ...fresh() }),
    { type: 'RELEASE' },
  ],
  reverseTransaction: [
    async () => {
      const { id: transactionId } = await send();
      return ledger.reverseTransaction(roles.app, { userId: alice, transactionId, ...fresh() });
    },
    { type: 'REVERSAL' },
  ],
  rewardMiningActivity: [
    async () => ledger.rewardMiningActivity(roles.app, { userId: alice, id: (await verify()).id }),
    { status: 'REWARDED' },
  ],
  settlePayment: [settle, { status: 'COMPLETED' }],
  submitMiningActivity: [submit, { status: 'PENDING' }],
  transfer: [send, { type: 'TRANSFER' }],
  verifyMiningActivity: [verify, { status: 'VERIFIED' }],
  verifySeals: [verifySeals, SOUND],
  withdraw: [
    () => ledger.withdraw(roles.app, { ...zar(alice), amount: 5n, ...fresh() }),
    { type: 'WITHDRAWAL' },
  ],
};

describe('a role with the grants of the guide', () => {
  test.each(Object.entries(calls))('can call %s', async (_name, [call, returned]) => {
    expect({ result: await call() }).toMatchObject({ result: returned });
    expect(await ledger.auditLedger(roles.owner)).toEqual(SOUND);
  });
});
