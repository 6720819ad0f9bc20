import { type Db, isInTransaction } from '../../../db/session.ts';
import { ConnectionLostError, SqlError, TimeoutError } from '../../../errors.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { findLockedWallets, walletsOf } from './locked-wallets.ts';
import { postRequests } from './post-transfers.ts';
import type { TransferRequest } from './request.ts';

/** A transfer, and how to answer who asked for it. */
export interface Waiting {
  request: TransferRequest;
  resolve: (transaction: LedgerTransaction) => void;
  reject: (error: unknown) => void;
}

type Batch = readonly Waiting[];

/** Where batches go, and how many at once when one falls apart. */
export interface Way {
  db: Db;
  width: number;
}

/** What happened to the same transfers before. */
interface Past {
  /** An earlier attempt whose outcome nobody knows: no later failure makes it known. */
  lost: ConnectionLostError | undefined;
  /** Whether they waited for a lock in vain that was free right after. */
  wasRepeated: boolean;
}

const NOTHING: Past = { lost: undefined, wasRepeated: false };

/**
 * Classes of SQLSTATE about the server, the session, the role or the statement's text: any transfer
 * would meet them.
 */
const COMMON_TO_ALL = /^(?:08|0A|25|26|28|3D|3F|40|42|53|55|57|58|F0|XX)/;

/** Posts a batch and answers every one of its callers. Never rejects. */
export async function answerBatch(way: Way, batch: Batch): Promise<void> {
  // Whatever happens, nobody is left waiting; who was answered before is not answered again.
  await post(way, batch, NOTHING).catch((error: unknown) => rejectAll(batch, error));
}

async function post(way: Way, batch: Batch, past: Past): Promise<void> {
  const requests = batch.map(({ request }) => request);
  const results = await postRequests(way.db, requests, false).catch(async (error: unknown) => {
    await recover(way, batch, past, error);
    return undefined;
  });
  results?.forEach((result, index) => {
    if (result.status === 'completed') batch[index]?.resolve(result.transaction);
    else batch[index]?.reject(result.error);
  });
}

/** Answers a batch that failed as a whole: tries again what can succeed, and rejects the rest. */
async function recover(way: Way, batch: Batch, past: Past, error: unknown): Promise<void> {
  // A failed statement ends its transaction, for the others too.
  if (isInTransaction(way.db)) return rejectAll(batch, error);
  if (error instanceof ConnectionLostError && past.lost === undefined) {
    return post(way, batch, { ...past, lost: error });
  }
  if (error instanceof TimeoutError) {
    const isAnswered = await passLocks(way, batch, past, error).catch(() => false);
    if (isAnswered) return;
  }
  if (batch.length > 1 && canBeOfOne(error)) {
    const half = Math.ceil(batch.length / 2);
    await post(way, batch.slice(0, half), past);
    return post(way, batch.slice(half), past);
  }
  rejectAll(batch, past.lost ?? error);
}

/**
 * Posts apart what waits for a wallet that somebody else has locked, so that only those fail who
 * need that wallet. What touches none of them goes first, because a posting that waits for one
 * wallet may hold another.
 *
 * @returns false, with nobody answered, if all of it waits for the same
 */
async function passLocks(
  way: Way,
  batch: Batch,
  past: Past,
  error: TimeoutError,
): Promise<boolean> {
  const { free, stuck } = await groupByLock(way.db, batch);
  if (stuck.length === 0) {
    // The lock was released just now, or is not a wallet's.
    if (error.code !== 'LOCK_TIMEOUT' || past.wasRepeated) return false;
    await post(way, free, { ...past, wasRepeated: true });
    return true;
  }
  if (free.length === 0 && stuck.length === 1) return false;
  const before = { ...past, wasRepeated: false };
  if (free.length > 0) await post(way, free, before);
  const postNext = async () => {
    for (let group = stuck.shift(); group !== undefined; group = stuck.shift()) {
      await post(way, group, before);
    }
  };
  await Promise.all(Array.from({ length: way.width }, postNext));
  return true;
}

/**
 * The transfers whose wallets are free, and the others by which of their wallets are locked; all in
 * their order.
 */
async function groupByLock(db: Db, batch: Batch): Promise<{ free: Batch; stuck: Batch[] }> {
  const locked = await findLockedWallets(
    db,
    batch.map(({ request }) => request),
  );
  const groups = new Map<string, Waiting[]>();
  for (const waiting of batch) {
    const wallets = walletsOf(waiting.request).filter((wallet) => locked.has(wallet));
    const group = groups.get(wallets.join());
    if (group === undefined) groups.set(wallets.join(), [waiting]);
    else group.push(waiting);
  }
  const free = groups.get('') ?? [];
  groups.delete('');
  return { free, stuck: [...groups.values()] };
}

/**
 * Whether a single transfer can be at fault: by its values, or by what a constraint or a trigger
 * says to them.
 */
function canBeOfOne(error: unknown): boolean {
  return error instanceof SqlError && !COMMON_TO_ALL.test(error.sqlState);
}

function rejectAll(batch: Batch, error: unknown): void {
  for (const { reject } of batch) reject(error);
}
