import { z } from 'zod';
import { amount } from '../../../input/validate.ts';
import { FIRST_USER_ID, ownerOf, type WalletRef, walletRef } from '../wallets/wallet-ref.ts';
import { details, hashRequest } from './request.ts';

/**
 * What a transfer may be called. The name changes nothing in how it is posted, but `reverseTransaction` refuses PAYMENT, REFUND
 * and MINING_REWARD.
 */
const transferTypes = [
  'TRANSFER',
  'DEPOSIT',
  'WITHDRAWAL',
  'PAYMENT',
  'REFUND',
  'MINING_REWARD',
] as const;

/** A transfer of one currency between two wallets. */
export interface TransferParams {
  readonly from: WalletRef;
  readonly to: WalletRef;
  /** In minor units, above zero. */
  readonly amount: bigint;
  /** 1 to 200 characters, the initiator's own. The initiator is the paying user, or else the receiving one. */
  readonly idempotencyKey: string;
  /** Default TRANSFER. */
  readonly type?: (typeof transferTypes)[number] | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Record<string, unknown> | undefined;
  /** When it happened, if not now. */
  readonly occurredAt?: Date | undefined;
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
  readonly initiator: string;
  readonly key: string;
  readonly hash: Buffer;
  readonly type: string;
  readonly from: string;
  readonly to: string;
  readonly currency: string;
  readonly amount: bigint;
  readonly occurredAt: Date | null;
  readonly description: string | null;
  readonly metadata: string;
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
    initiator: from < FIRST_USER_ID && to >= FIRST_USER_ID ? to : from,
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
