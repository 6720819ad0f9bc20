import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { getTransaction } from '../transfers/get-transaction.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postReversal } from '../transfers/reverse-transaction.ts';
import {
  lockPayment,
  PAYMENT_COLUMNS,
  type PaymentDetail,
  type PaymentRow,
  paymentKey,
  toPayment,
} from './payment.ts';

const input = z.strictObject({ ...paymentKey.shape, occurredAt: instant.optional() });

const refund = statement<PaymentRow>(
  'refund_payment',
  `update finance.payments
   set status = 'REFUNDED', refunded_at = clock_timestamp()
   where user_id = $1
     and id = $2
   returning ${PAYMENT_COLUMNS}`,
);

/**
 * Gives a settled payment back, by a transaction of type REFUND that reverses the one that booked it. An enrollment
 * stays. Refunding it again changes nothing.
 *
 * @throws NotFoundError if there is no such payment
 * @throws WrongStateError unless it was settled
 * @throws InsufficientFundsError if FEES does not have the money any more
 */
export async function refundPayment(
  db: Db,
  params: { userId: string; id: string; occurredAt?: Date | undefined },
): Promise<PaymentDetail> {
  const { occurredAt, ...key } = parseInput(input, params);
  return transaction(db, async (tx) => {
    const payment = await lockPayment(tx, key);
    if (payment.status === 'REFUNDED') return toPayment(payment);
    if (payment.status !== 'COMPLETED' || payment.transaction_id === null) {
      throw new WrongStateError('payment', payment.status, 'COMPLETED');
    }
    const original = await getTransaction(tx, { userId: key.userId, id: payment.transaction_id });
    await postReversal(tx, original, {
      key: reservedKey('refund', key.id),
      hash: hashRequest('refund', key),
      type: 'REFUND',
      occurredAt,
      metadata: { paymentId: key.id },
    });
    return toPayment(only(await refund(tx, [key.userId, key.id])));
  });
}
