import { hash } from 'node:crypto';
import { z } from 'zod';
import { jsonObject, MAX_JSON_BYTES, withinBytes } from '../../../input/json.ts';
import { amount, instant, text } from '../../../input/validate.ts';
import { isReserved, ownerOf, type WalletRef, walletRef } from '../wallets/wallet-ref.ts';
import type { TransactionType } from './ledger-transaction.ts';

/** Keys that the library makes itself, for the postings of payments and rewards, begin so. */
const RESERVED_KEY_PREFIX = 'azora:';

const idempotencyKey = text({ max: 200 }).refine((key) => !key.startsWith(RESERVED_KEY_PREFIX), {
  error: `must not begin with ${RESERVED_KEY_PREFIX}`,
});

// An empty object is stored as none is, and so is the same request.
const metadata = jsonObject
  .refine(...withinBytes(MAX_JSON_BYTES))
  .transform((given) => (Object.keys(given).length === 0 ? undefined : given));

/** What every request to move money may say beside the amount. */
export const details = {
  idempotencyKey,
  description: text({ max: 500 }).optional(),
  metadata: metadata.optional(),
  occurredAt: instant.optional(),
};

/**
 * The SHA-256 of a request, which tells a repeated request from another one under the same key.
 * Keys of objects are sorted, so that the order in which a caller builds an object does not matter.
 */
export function hashRequest(operation: string, request: object): Buffer {
  return hash('sha256', `${operation}:${JSON.stringify(request, canonical)}`, 'buffer');
}

/** The key of a posting that can happen once for the row with this id. */
export function reservedKey(purpose: string, id: string): string {
  return `${RESERVED_KEY_PREFIX}${purpose}:${id}`;
}

/**
 * What a transfer may be called. The name changes nothing in how it is posted, but
 * `reverseTransaction` refuses PAYMENT, REFUND and MINING_REWARD.
 */
const transferTypes = [
  'TRANSFER',
  'DEPOSIT',
  'WITHDRAWAL',
  'PAYMENT',
  'REFUND',
  'MINING_REWARD',
] as const satisfies readonly TransactionType[];

/** What every request to move money says beside the amount. */
export interface RequestDetails {
  /**
   * 1 to 200 characters, not beginning with `azora:`: the initiator's own name for this request.
   * Sent again under it, the request moves nothing twice.
   */
  idempotencyKey: string;
  /** 1 to 500 characters. Default: none. */
  description?: string | undefined;
  /** An object of JSON values, at most 65,536 bytes as JSON. Default: `{}`. */
  metadata?: Record<string, unknown> | undefined;
  /** When it happened in the world, in the years 1 to 9999. Default: when it is recorded. */
  occurredAt?: Date | undefined;
}

/** A transfer of one currency between two wallets. */
export interface TransferParams extends RequestDetails {
  /** The wallet that pays. */
  from: WalletRef;
  /** The wallet that is paid: another one, in the same currency. */
  to: WalletRef;
  /** In minor units, from 1 to 2^63 - 1. */
  amount: bigint;
  /**
   * 1 to 200 characters, not beginning with `azora:`, the initiator's own. The initiator is the
   * paying user, or else the receiving one.
   */
  idempotencyKey: string;
  /**
   * What it is called. It is posted in the same way, but a PAYMENT, REFUND or MINING_REWARD is not
   * reversed. Default `TRANSFER`.
   */
  type?: (typeof transferTypes)[number] | undefined;
}

export const transferInput = z
  .strictObject({
    from: walletRef,
    to: walletRef,
    amount,
    type: z.enum(transferTypes).default('TRANSFER'),
    ...details,
  })
  .refine(({ from, to }) => from.currency === to.currency, {
    path: ['to', 'currency'],
    error: 'must be the currency of from: use exchange',
  })
  .refine(({ from, to }) => ownerOf(from) !== ownerOf(to), {
    path: ['to'],
    error: 'must be another wallet than from',
  });

/** A transfer as the posting functions take it. */
export interface TransferRequest {
  initiator: string;
  key: string;
  hash: Buffer;
  type: TransactionType;
  from: string;
  to: string;
  currency: string;
  amount: bigint;
  occurredAt: Date | null;
  description: string | null;
  metadata: string;
}

/** `operation` tells requests of different functions under one key apart. */
export function toTransferRequest(
  transfer: z.output<typeof transferInput>,
  operation = 'transfer',
): TransferRequest {
  const { idempotencyKey, ...request } = transfer;
  const from = ownerOf(transfer.from);
  const to = ownerOf(transfer.to);
  return {
    initiator: isReserved(from) && !isReserved(to) ? to : from,
    key: idempotencyKey,
    hash: hashRequest(operation, request),
    type: transfer.type,
    from,
    to,
    currency: transfer.from.currency,
    amount: transfer.amount,
    occurredAt: transfer.occurredAt ?? null,
    description: transfer.description ?? null,
    metadata: JSON.stringify(transfer.metadata ?? {}),
  };
}

function canonical(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.length < 2) return value;
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
