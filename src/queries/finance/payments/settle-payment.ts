import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { payments } from '../../../schema/finance/payments.ts';
import { enroll } from '../../education/enrollments/enroll.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postTransfer } from '../transfers/transfer.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import { movePayment, type PaymentDetail, paymentFields, paymentKey } from './payment.ts';

const input = () => z.strictObject({ ...paymentKey.shape, occurredAt: instant.optional() });

const settledPayment = prepared(
  'settled_payment',
  { userId: payments.userId, id: payments.id, transactionId: payments.transactionId },
  (query, { userId, id, transactionId }) =>
    query
      .update(payments)
      .set({ status: 'COMPLETED', completedAt: sql`clock_timestamp()`, transactionId })
      .where(and(eq(payments.userId, userId), eq(payments.id, id)))
      .returning(paymentFields),
);

/**
 * Books a payment that the provider confirmed, from EXTERNAL to FEES (a REFUND the other way), and
 * enrolls the payer in the course of an enrollment payment: all in one transaction. Settling it
 * again changes nothing.
 *
 * @throws NotFoundError if there is no such payment
 * @throws WrongStateError if it failed or was refunded
 * @throws InsufficientFundsError if FEES does not have what a REFUND gives back
 * @throws CourseNotOpenError if the course is not published; nothing is booked then
 */
export async function settlePayment(
  db: Db,
  params: {
    /** The user whose payment it is: a UUID. */
    userId: string;
    /** The payment's id, a UUID: with `userId` its key. */
    id: string;
    /** When it was paid, in the years 1 to 9999. Default: when it is recorded. */
    occurredAt?: Date | undefined;
  },
): Promise<PaymentDetail> {
  const { occurredAt, ...key } = parseInput(input, params);
  return movePayment(db, key, {
    from: ['PENDING'],
    past: ['COMPLETED'],
    async update(tx, payment) {
      const isRefund = payment.type === 'REFUND';
      const { id: transactionId } = await postTransfer(tx, {
        initiator: key.userId,
        key: reservedKey('settle', key.id),
        hash: hashRequest('settle', key),
        type: isRefund ? 'REFUND' : 'PAYMENT',
        from: isRefund ? systemOwners.FEES : systemOwners.EXTERNAL,
        to: isRefund ? systemOwners.EXTERNAL : systemOwners.FEES,
        currency: payment.currency,
        amount: payment.amount,
        occurredAt: occurredAt ?? null,
        description: payment.description,
        metadata: JSON.stringify({ paymentId: key.id }),
      });
      if (payment.type === 'ENROLLMENT' && payment.courseId !== null) {
        await enroll(tx, { userId: key.userId, courseId: payment.courseId });
      }
      return settledPayment(tx, { ...key, transactionId });
    },
  });
}
