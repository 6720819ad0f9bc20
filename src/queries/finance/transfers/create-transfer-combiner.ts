import { z } from 'zod';
import { type Db, mostConnections } from '../../../db/session.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { CombinerClosedError } from '../errors.ts';
import { answerBatch, type Waiting } from './combined-batch.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { MAX_BATCH } from './post-transfers.ts';
import { type TransferParams, toTransferRequest, transferInput } from './request.ts';

/** How many batches may be under way instead of one that met locked wallets. */
const MAX_WIDTH = 4;

/** How many transfers a combiner sends together. */
export interface CombinerOptions {
  /** The most transfers in one batch, from 1 to 10,000. Default 1,000. */
  maxBatch?: number | undefined;
  /**
   * How many batches may be under way at once, from 1 to 100. Default 1, which is the fastest for
   * one hot wallet. In place of one that met locked wallets there may be up to 4, if the pool has
   * so many connections for each.
   */
  maxConcurrent?: number | undefined;
}

/** Makes batches of the transfers of many callers. */
export interface TransferCombiner {
  /**
   * As `transfer`, with the same result and the same refusals. What fails the whole batch, such as
   * a lost connection or a server that cannot write, is the error of each of its callers.
   * ConnectionLostError means here too that nobody knows whether the transfer was posted: ask again
   * with the same key.
   */
  transfer(params: TransferParams): Promise<LedgerTransaction>;
  /**
   * Waits until every transfer that was taken is answered, with its result or an error; later ones
   * get a CombinerClosedError.
   */
  close(): Promise<void>;
}

const input = () =>
  z.strictObject({
    maxBatch: limit({ max: MAX_BATCH, fallback: 1_000 }),
    maxConcurrent: limit({ max: 100, fallback: 1 }),
  });

/**
 * Turns concurrent `transfer` calls into batches. A hot wallet's row is locked until the WAL is
 * flushed, so separate transfers on it go one flush after another; a batch takes one flush for all
 * that came meanwhile. Nothing waits for a timer: a call on an idle combiner goes at once, and
 * those that come while it is under way make the next batch.
 *
 * A batch that fails as a whole has posted nothing, unless its connection broke:
 *
 * - When the connection breaks, the batch is sent once more: its keys make it post once. If that
 *   brings no outcome either, its callers get the ConnectionLostError of the first time.
 * - When it waits in vain for the lock of a wallet (TimeoutError), transfers that need no locked
 *   wallet are posted at once, and the others once more, apart by the wallets that are locked.
 *   Those whose wallet stays locked get the TimeoutError after two lock timeouts, or more if many
 *   wallets are locked; calls that came meanwhile wait for that.
 * - When the server refuses it for what one transfer can cause (a trigger of yours, say), the batch
 *   is halved until that transfer is found: about 2 * log2(batch) statements more for each of them.
 *
 * Of several transfers of one caller that are not awaited one by one, the later can be posted first
 * then.
 *
 * @throws InvalidInputError if `db` is none that the queries take, or an option is out of range.
 */
export function createTransferCombiner(db: Db, options: CombinerOptions = {}): TransferCombiner {
  const { maxBatch, maxConcurrent } = parseInput(input, options);
  const way = { db, width: widthOf(db, maxConcurrent) };
  const queue: Waiting[] = [];
  const running = new Set<Promise<void>>();
  let isClosed = false;

  const send = async () => {
    // Callers that are about to call in this turn of the event loop come along.
    await Promise.resolve();
    while (queue.length > 0) await answerBatch(way, queue.splice(0, maxBatch));
  };

  const start = () => {
    if (running.size >= maxConcurrent) return;
    const lane = send().finally(() => {
      running.delete(lane);
      if (queue.length > 0) start();
    });
    running.add(lane);
  };

  return {
    async transfer(params) {
      const request = toTransferRequest(parseInput(transferInput, params));
      if (isClosed) throw new CombinerClosedError();
      return new Promise<LedgerTransaction>((resolve, reject) => {
        queue.push({ request, resolve, reject });
        start();
      });
    },
    async close() {
      isClosed = true;
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** How many connections there are for each of the batches under way. */
function widthOf(db: Db, maxConcurrent: number): number {
  const share = Math.floor(mostConnections(db) / maxConcurrent);
  return Math.max(1, Math.min(share, MAX_WIDTH));
}
