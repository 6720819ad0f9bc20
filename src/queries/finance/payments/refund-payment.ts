import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { payments } from '../../../schema/finance/payments.ts';
import { getTransaction } from '../transfers/get-transaction.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postReversal } from '../transfers/reverse-transaction.ts';
import { movePayment, type PaymentDetail, paymentFields, paymentKey } from './payment.ts';

const input = () => z.strictObject({ ...paymentKey.shape, occurredAt: instant.optional() });

const refundedPayment = prepared(
  'refunded_payment',
  { userId: payments.userId, id: payments.id },
  (query, { userId, id }) =>
    query
      .update(payments)
      .set({ status: 'REFUNDED', refundedAt: sql`clock_timestamp()` })
      .where(and(eq(payments.userId, userId), eq(payments.id, id)))
      .returning(paymentFields),
);

/**
 * Gives a settled payment back, by a transaction of type REFUND that reverses the one that booked
 * it. An enrollment stays. Refunding it again changes nothing.
 *
 * @throws NotFoundError if there is no such payment
 * @throws WrongStateError unless it was settled
 * @throws InsufficientFundsError if FEES does not have the money any more
 */
export async function refundPayment(
  db: Db,
  params: {
    /** The user whose payment it is: a UUID. */
    userId: string;
    /** The payment's id, a UUID: with `userId` its key. */
    id: string;
    /** When it was given back, in the years 1 to 9999. Default: when it is recorded. */
    occurredAt?: Date | undefined;
  },
): Promise<PaymentDetail> {
  const { occurredAt, ...key } = parseInput(input, params);
  return movePayment(db, key, {
    from: ['COMPLETED'],
    past: ['REFUNDED'],
    async update(tx, { userId, transactionId }) {
      // Never null, by payments_completed_has_transaction_check.
      const original = await getTransaction(tx, { userId, id: transactionId as string });
      await postReversal(tx, original, {
        key: reservedKey('refund', key.id),
        hash: hashRequest('refund', key),
        type: 'REFUND',
        occurredAt,
        metadata: { paymentId: key.id },
      });
      return refundedPayment(tx, key);
    },
  });
}
