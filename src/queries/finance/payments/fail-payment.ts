import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { parseInput, text } from '../../../input/validate.ts';
import { payments } from '../../../schema/finance/payments.ts';
import { movePayment, type PaymentDetail, paymentFields, paymentKey } from './payment.ts';

const input = () => z.strictObject({ ...paymentKey.shape, reason: text({ max: 500 }) });

const failedPayment = prepared(
  'failed_payment',
  { userId: payments.userId, id: payments.id, reason: payments.failureReason },
  (query, { userId, id, reason }) =>
    query
      .update(payments)
      .set({ status: 'FAILED', failedAt: sql`clock_timestamp()`, failureReason: reason })
      .where(and(eq(payments.userId, userId), eq(payments.id, id)))
      .returning(paymentFields),
);

/**
 * Records that the provider refused a payment; nothing is posted. Failing it again keeps the first
 * reason.
 *
 * @throws NotFoundError if there is no such payment
 * @throws WrongStateError if it was settled
 */
export async function failPayment(
  db: Db,
  params: {
    /** The user whose payment it is: a UUID. */
    userId: string;
    /** The payment's id, a UUID: with `userId` its key. */
    id: string;
    /** Why, in 1 to 500 characters. */
    reason: string;
  },
): Promise<PaymentDetail> {
  const { reason, ...key } = parseInput(input, params);
  return movePayment(db, key, {
    from: ['PENDING'],
    past: ['FAILED'],
    update: (tx) => failedPayment(tx, { ...key, reason }),
  });
}
