import {
  InvalidInputError,
  type LedgerTransaction,
  moneyFromJson,
  moneyToJson,
  type TransferParams,
  type WalletBalance,
} from '@azora/db';

/** A wallet as clients see it: money as decimal text; `version` is a bigint, for `toJson`. */
export function showWallet(wallet: WalletBalance) {
  const { userId, address, currency, available, held, version, updatedAt } = wallet;
  return {
    userId,
    address,
    available: moneyToJson({ amount: available, currency }),
    held: moneyToJson({ amount: held, currency }),
    version,
    updatedAt,
  };
}

export function showTransaction(transaction: LedgerTransaction) {
  const { id, type, description, recordedAt } = transaction;
  return { id, type, money: moneyToJson(transaction), description, recordedAt };
}

/** `{ from, to, money: { amount: '12.34', currency: 'ZAR' } }`, with the key of the header. */
export function readTransfer(body: unknown, idempotencyKey: string | undefined): TransferParams {
  if (idempotencyKey === undefined) {
    throw new InvalidInputError('Idempotency-Key', 'is required, as a header');
  }
  if (typeof body !== 'object' || body === null) {
    throw new InvalidInputError('body', 'must be a JSON object');
  }
  const { from, to, money } = body as Record<string, unknown>;
  const { amount, currency } = moneyFromJson(money);
  // What is no id of a user, transfer() refuses by name.
  return {
    from: { userId: from as string, currency },
    to: { userId: to as string, currency },
    amount,
    idempotencyKey,
  };
}
