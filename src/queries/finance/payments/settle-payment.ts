import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { enroll } from '../../education/enrollments/enroll.ts';
import { postTransfer } from '../transfers/post-transfer.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import {
  lockPayment,
  PAYMENT_COLUMNS,
  type PaymentDetail,
  type PaymentRow,
  paymentKey,
  toPayment,
} from './payment.ts';

const input = z.strictObject({ ...paymentKey.shape, occurredAt: instant.optional() });

const complete = statement<PaymentRow>(
  'complete_payment',
  `update finance.payments
   set status = 'COMPLETED', completed_at = clock_timestamp(), transaction_id = $3
   where user_id = $1
     and id = $2
   returning ${PAYMENT_COLUMNS}`,
);

/**
 * Books a payment that the provider confirmed, from EXTERNAL to FEES (a REFUND the other way), and enrolls the payer
 * in the course of an enrollment payment: all in one transaction. Settling it again changes nothing.
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
  return transaction(db, async (tx) => {
    const payment = await lockPayment(tx, key);
    if (payment.status === 'COMPLETED') return toPayment(payment);
    if (payment.status !== 'PENDING') {
      throw new WrongStateError('payment', payment.status, 'PENDING');
    }
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
    if (payment.type === 'ENROLLMENT' && payment.course_id !== null) {
      await enroll(tx, { userId: key.userId, courseId: payment.course_id });
    }
    return toPayment(only(await complete(tx, [key.userId, key.id, transactionId])));
  });
}
