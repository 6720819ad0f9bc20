import { getTableColumns } from 'drizzle-orm';
import { z } from 'zod';
import { columns, type RowOf } from '../../../db/columns.ts';
import { statement } from '../../../db/statement.ts';
import { uuid } from '../../../input/validate.ts';
import { payments } from '../../../schema/finance/payments.ts';
import { transitionsOf } from '../transition.ts';
import { userId } from '../wallets/wallet-ref.ts';

const { updatedAt, completedAt, failedAt, refundedAt, ...shown } = getTableColumns(payments);

/** The columns of a PaymentDetail. */
export const paymentColumns = columns(payments, Object.keys(shown) as (keyof typeof shown)[]);

/** The same for Drizzle's builder. */
export const paymentFields = shown;

/**
 * Money asked from a user, or given back, through a payment provider. `amount` is in minor units,
 * and `transactionId` names the transaction that posted it.
 */
export type PaymentDetail = RowOf<typeof paymentColumns>;

export const paymentKey = z.strictObject({ userId, id: uuid });

const lockedPayment = statement<PaymentDetail, [userId: string, id: string]>(
  'locked_payment',
  `select ${paymentColumns.list}
   from finance.payments
   where user_id = $1
     and id = $2
   for no key update`,
);

export const movePayment = transitionsOf('payment', lockedPayment);
