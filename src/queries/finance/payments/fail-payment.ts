import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput, text } from '../../../input/validate.ts';
import { movePayment, type PaymentDetail, paymentColumns, paymentKey } from './payment.ts';

const input = z.strictObject({ ...paymentKey.shape, reason: text({ max: 500 }) });

const failedPayment = statement<PaymentDetail, [userId: string, id: string, reason: string]>(
  'failed_payment',
  `update finance.payments
   set status = 'FAILED', failed_at = clock_timestamp(), failure_reason = $3
   where user_id = $1
     and id = $2
   returning ${paymentColumns.list}`,
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
  params: { userId: string; id: string; reason: string },
): Promise<PaymentDetail> {
  const { reason, ...key } = parseInput(input, params);
  return movePayment(db, key, {
    from: ['PENDING'],
    past: ['FAILED'],
    update: (tx) => failedPayment(tx, [key.userId, key.id, reason]),
  });
}
