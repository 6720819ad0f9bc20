import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { parseInput, text } from '../../../input/validate.ts';
import {
  lockPayment,
  PAYMENT_COLUMNS,
  type PaymentDetail,
  type PaymentRow,
  paymentKey,
  toPayment,
} from './payment.ts';

const input = z.strictObject({ ...paymentKey.shape, reason: text({ max: 500 }) });

const fail = statement<PaymentRow>(
  'fail_payment',
  `update finance.payments
   set status = 'FAILED', failed_at = clock_timestamp(), failure_reason = $3
   where user_id = $1
     and id = $2
   returning ${PAYMENT_COLUMNS}`,
);

/**
 * Records that the provider refused a payment; nothing is posted. Failing it again keeps the first reason.
 *
 * @throws NotFoundError if there is no such payment
 * @throws WrongStateError if it was settled
 */
export async function failPayment(
  db: Db,
  params: { userId: string; id: string; reason: string },
): Promise<PaymentDetail> {
  const { reason, ...key } = parseInput(input, params);
  return transaction(db, async (tx) => {
    const payment = await lockPayment(tx, key);
    if (payment.status === 'FAILED') return toPayment(payment);
    if (payment.status !== 'PENDING') {
      throw new WrongStateError('payment', payment.status, 'PENDING');
    }
    return toPayment(only(await fail(tx, [key.userId, key.id, reason])));
  });
}
