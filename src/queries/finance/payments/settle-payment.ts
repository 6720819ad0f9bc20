import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { enroll } from '../../education/enrollments/enroll.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postTransfer } from '../transfers/transfer.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import { movePayment, type PaymentDetail, paymentColumns, paymentKey } from './payment.ts';

const input = z.strictObject({ ...paymentKey.shape, occurredAt: instant.optional() });

const settledPayment = statement<
  PaymentDetail,
  [userId: string, id: string, transactionId: string]
>(
  'settled_payment',
  `update finance.payments
   set status = 'COMPLETED', completed_at = clock_timestamp(), transaction_id = $3
   where user_id = $1
     and id = $2
   returning ${paymentColumns.list}`,
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
  params: { userId: string; id: string; occurredAt?: Date | undefined },
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
      return settledPayment(tx, [key.userId, key.id, transactionId]);
    },
  });
}
