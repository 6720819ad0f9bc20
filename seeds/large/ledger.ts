import { hash } from 'node:crypto';
import type { NewEntry } from '../../src/schema/finance/entries.ts';
import type { NewMiningActivity } from '../../src/schema/finance/mining-activities.ts';
import type { NewLedgerTransactionRow } from '../../src/schema/finance/transactions.ts';
import { factsOfCourse } from './courses.ts';
import { type Intent, intentsOf } from './intents.ts';
import { BASE_TIME, BLOCK, DAY, idOf, KIND, type Plan, userId } from './plan.ts';
import type { SystemWallets, WalletState } from './system-wallets.ts';

/** The rows of one block of users, whose transfers stay among themselves. */
export interface LedgerBlock {
  transactions: NewLedgerTransactionRow[];
  entries: NewEntry[];
  mining: NewMiningActivity[];
}

/**
 * What goes on from block to block: the system wallets, the time, and how many rows there are so
 * far.
 */
export interface Ledger {
  plan: Plan;
  system: SystemWallets;
  /** When the first block begins, and how long each one lasts, in milliseconds. */
  opensAt: number;
  blockLasts: number;
  posted: number;
  mined: number;
}

/**
 * The ledger opens when everything else has ended, and each block of users has a stretch of the
 * ninety days after: recorded times follow versions, also those of the system wallets, and every
 * reward is paid after the course that it is for. If there are later entries already, the blocks
 * follow those as fast as they can.
 */
export function startLedger(plan: Plan, system: SystemWallets): Ledger {
  const { lastRecordedAt } = system;
  const isFirst = lastRecordedAt < BASE_TIME;
  return {
    plan,
    system,
    opensAt: isFirst ? BASE_TIME : lastRecordedAt,
    blockLasts: isFirst ? (90 * DAY) / Math.ceil(plan.users / BLOCK) : 1,
    posted: 0,
    mined: 0,
  };
}

/** Lets the users of a block do what they want to do, one after the other. */
export function makeLedgerBlock(ledger: Ledger, from: number, to: number): LedgerBlock {
  const { plan, system } = ledger;
  const block: LedgerBlock = { transactions: [], entries: [], mining: [] };
  const rand: WalletState[] = [];
  const azora: WalletState[] = [];
  for (let user = from; user < to; user += 1) {
    const owner = { userId: userId(plan, user), posted: 0n, version: 0n };
    rand.push({ ...owner, currency: 'ZAR' });
    azora.push({ ...owner, currency: 'AZR' });
  }
  const opensAt = ledger.opensAt + (from / BLOCK) * ledger.blockLasts;
  for (const intent of intentsOf(plan, from, to)) {
    const own = rand[intent.user - from];
    const ownAzora = azora[intent.user - from];
    if (!own || !ownAzora) throw new RangeError('an intent of a user outside the block');
    const at = Math.floor(opensAt + intent.when * ledger.blockLasts);
    const receiver = rand[Math.floor(intent.receiver * rand.length)];
    if (intent.kind === 'DEPOSIT') {
      post(ledger, block, intent, at, { owner: own, from: system.external, to: own });
    } else if (intent.kind === 'WITHDRAWAL') {
      post(ledger, block, intent, at, { owner: own, from: own, to: system.external });
    } else if (intent.kind === 'MINING_REWARD') {
      reward(ledger, block, intent, at, ownAzora);
    } else if (receiver && receiver !== own) {
      post(ledger, block, intent, at, { owner: own, from: own, to: receiver });
    }
  }
  return block;
}

interface Legs {
  owner: WalletState;
  from: WalletState;
  to: WalletState;
}

/** Posts a transaction and its two entries, unless the giver has nothing; returns its id. */
function post(
  ledger: Ledger,
  block: LedgerBlock,
  intent: Intent,
  at: number,
  { owner, from, to }: Legs,
): string | null {
  const { plan } = ledger;
  const most = (from.posted * BigInt(Math.floor(intent.share * 1_000))) / 1_000n;
  const amount = from === owner && intent.amount > most ? most : intent.amount;
  if (amount <= 0n) return null;
  const id = idOf(plan, KIND.transaction, ledger.posted, at);
  const idempotencyKey = `seed-${plan.seed}-${ledger.posted}`;
  const recordedAt = new Date(at);
  const occurredAt = new Date(at - intent.late);
  block.transactions.push({
    userId: owner.userId,
    id,
    type: intent.kind,
    status: 'COMPLETED',
    currency: owner.currency,
    amount,
    idempotencyKey,
    requestHash: hash('sha256', `${idempotencyKey} ${amount}`, 'buffer'),
    occurredAt,
    recordedAt,
  });
  for (const [wallet, signed] of [
    [from, -amount],
    [to, amount],
  ] as const) {
    wallet.version += 1n;
    wallet.posted += signed;
    block.entries.push({
      userId: wallet.userId,
      currency: wallet.currency,
      version: wallet.version,
      transactionUserId: owner.userId,
      transactionId: id,
      amount: signed,
      postedAfter: wallet.posted,
      recordedAt,
      occurredAt: intent.late > 0 ? occurredAt : null,
    });
  }
  ledger.posted += 1;
  return id;
}

/** A completed course mines AZR, as long as there is any left to mint. */
function reward(
  ledger: Ledger,
  block: LedgerBlock,
  intent: Intent,
  at: number,
  wallet: WalletState,
): void {
  const { plan, system } = ledger;
  const transactionId =
    system.supplyLeft >= intent.amount
      ? post(ledger, block, intent, at, { owner: wallet, from: system.mint, to: wallet })
      : null;
  if (transactionId !== null) system.supplyLeft -= intent.amount;
  const completedAt = new Date(intent.completedAt);
  block.mining.push({
    userId: wallet.userId,
    id: idOf(plan, KIND.mining, ledger.mined, intent.completedAt),
    type: 'COURSE_COMPLETION',
    tokensEarned: intent.amount,
    idempotencyKey: `mined ${ledger.mined}`,
    status: transactionId === null ? 'VERIFIED' : 'REWARDED',
    metadata: { courseId: factsOfCourse(plan, intent.course).id },
    transactionId,
    createdAt: completedAt,
    updatedAt: completedAt,
    verifiedAt: completedAt,
    rewardedAt: transactionId === null ? null : new Date(at),
  });
  ledger.mined += 1;
}
