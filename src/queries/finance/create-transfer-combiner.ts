import { z } from 'zod';
import { ConnectError, ConnectionLostError, RetryableError, TimeoutError } from '../../errors.ts';
import { type Db, executorOf } from '../../session.ts';
import { TransactionClient } from '../../transaction-client.ts';
import { limit, parseInput } from '../../validate.ts';
import { MAX_BATCH, postRequests } from './post-transfers.ts';
import type { LedgerTransaction } from './transaction-row.ts';
import {
  type TransferParams,
  type TransferRequest,
  toTransferRequest,
  transferInput,
} from './transfer-input.ts';

export interface CombinerOptions {
  /** The most transfers in one batch. Default 1,000. */
  readonly maxBatch?: number;
  /** How many batches may be under way at once. Default 1, which is the fastest for one hot wallet. */
  readonly maxConcurrent?: number;
}

/** Makes batches of the transfers of many callers. */
export interface TransferCombiner {
  /** As `transfer`, with the same result and the same errors. */
  transfer(params: TransferParams): Promise<LedgerTransaction>;
  /** Waits until every transfer that was taken is answered; later ones are refused. */
  close(): Promise<void>;
}

interface Waiting {
  readonly request: TransferRequest;
  readonly resolve: (transaction: LedgerTransaction) => void;
  readonly reject: (error: unknown) => void;
}

const input = z.strictObject({
  maxBatch: limit({ max: MAX_BATCH, fallback: 1_000 }),
  maxConcurrent: limit({ max: 100, fallback: 1 }),
});

/**
 * Turns concurrent `transfer` calls into batches. A hot wallet's row is locked until the WAL is flushed, so separate
 * transfers on it go one flush after another; a batch takes one flush for all that came meanwhile. Nothing waits for a
 * timer: a call on an idle combiner goes at once, and those that come while it is under way make the next batch.
 *
 * When the connection breaks, the batch is sent once more: its keys make it post once. When the server refuses a batch
 * because of one transfer (a trigger of yours, say), the others are posted without it.
 */
export function createTransferCombiner(db: Db, options: CombinerOptions = {}): TransferCombiner {
  const { maxBatch, maxConcurrent } = parseInput(input, options);
  const queue: Waiting[] = [];
  const running = new Set<Promise<void>>();
  let isClosed = false;

  const send = async () => {
    // Callers that are about to call in this turn of the event loop come along.
    await Promise.resolve();
    while (queue.length > 0) await answer(db, queue.splice(0, maxBatch));
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
      if (isClosed) throw new TypeError('this combiner is closed');
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

async function answer(db: Db, batch: readonly Waiting[]): Promise<void> {
  const requests = batch.map(({ request }) => request);
  try {
    const results = await postRequests(db, requests, false).catch((error: unknown) => {
      if (!(error instanceof ConnectionLostError)) throw error;
      return postRequests(db, requests, false);
    });
    batch.forEach((waiting, index) => {
      const result = results[index];
      if (result?.status === 'completed') waiting.resolve(result.transaction);
      else waiting.reject(result?.error);
    });
  } catch (error) {
    if (batch.length > 1 && isOfOne(db, error)) {
      // By halves, in their order, so that one bad request costs a few more round trips, and its caller alone an error.
      const half = Math.ceil(batch.length / 2);
      await answer(db, batch.slice(0, half));
      await answer(db, batch.slice(half));
    } else {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** Whether one request can be at fault, and not what all have in common: the connection, the time, the traffic. */
function isOfOne(db: Db, error: unknown): boolean {
  // A failed statement ends its transaction, for the others too.
  if (executorOf(db) instanceof TransactionClient) return false;
  return ![ConnectionLostError, ConnectError, TimeoutError, RetryableError].some(
    (shared) => error instanceof shared,
  );
}
