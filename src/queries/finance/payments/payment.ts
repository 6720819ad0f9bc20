import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { uuid } from '../../../input/validate.ts';
import { userId } from '../wallets/wallet-ref.ts';

export const paymentTypes = ['ENROLLMENT', 'SUBSCRIPTION', 'DONATION', 'REFUND'] as const;

/** Money asked from a user, or given back, through a payment provider. */
export interface PaymentDetail {
  readonly userId: string;
  readonly id: string;
  readonly type: (typeof paymentTypes)[number];
  readonly status: 'PENDING' | 'COMPLETED' | 'FAILED' | 'REFUNDED';
  /** In minor units. */
  readonly amount: bigint;
  readonly currency: string;
  readonly courseId: string | null;
  readonly provider: string;
  readonly providerReference: string;
  readonly description: string | null;
  /** The transaction that posted it. */
  readonly transactionId: string | null;
  readonly failureReason: string | null;
  readonly createdAt: Date;
}

export interface PaymentRow {
  readonly user_id: string;
  readonly id: string;
  readonly type: PaymentDetail['type'];
  readonly status: PaymentDetail['status'];
  readonly amount: bigint;
  readonly currency: string;
  readonly course_id: string | null;
  readonly provider: string;
  readonly provider_reference: string;
  readonly description: string | null;
  readonly transaction_id: string | null;
  readonly failure_reason: string | null;
  readonly created_at: Date;
}

export const PAYMENT_COLUMNS = `user_id, id, type, status, amount, currency, course_id, provider,
  provider_reference, description, transaction_id, failure_reason, created_at`;

export const paymentKey = z.strictObject({ userId, id: uuid });

export function toPayment(row: PaymentRow): PaymentDetail {
  return {
    userId: row.user_id,
    id: row.id,
    type: row.type,
    status: row.status,
    amount: row.amount,
    currency: row.currency,
    courseId: row.course_id,
    provider: row.provider,
    providerReference: row.provider_reference,
    description: row.description,
    transactionId: row.transaction_id,
    failureReason: row.failure_reason,
    createdAt: row.created_at,
  };
}

const lock = statement<PaymentRow>(
  'lock_payment',
  `select ${PAYMENT_COLUMNS}
   from finance.payments
   where user_id = $1
     and id = $2
   for no key update`,
);

/** The payment, locked until the transaction ends. */
export async function lockPayment(
  tx: Db,
  { userId: owner, id }: { userId: string; id: string },
): Promise<PaymentRow> {
  const [row] = await lock(tx, [owner, id]);
  if (row === undefined) throw new NotFoundError('payment', ['userId', 'id']);
  return row;
}
