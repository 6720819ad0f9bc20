import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import { conflictOf } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { ConstraintError } from '../../../errors.ts';
import { amount, currencyCode, parseInput, text, uuid } from '../../../input/validate.ts';
import { payments, paymentType } from '../../../schema/finance/payments.ts';
import { ReferenceTakenError } from '../errors.ts';
import { userId } from '../wallets/wallet-ref.ts';
import { type PaymentDetail, paymentColumns, paymentFields } from './payment.ts';

const input = () =>
  z
    .strictObject({
      userId,
      type: z.enum(paymentType.enumValues),
      amount,
      currency: currencyCode,
      provider: text({ max: 50 }),
      providerReference: text({ max: 200 }),
      courseId: uuid.optional(),
      description: text({ max: 500 }).optional(),
    })
    .refine(({ type, courseId }) => type !== 'ENROLLMENT' || courseId !== undefined, {
      path: ['courseId'],
      error: 'is required for an enrollment',
    });

/** A payment that a provider is asked for. */
export interface NewPaymentParams {
  /** The user who pays, or who gets the REFUND: a UUID. */
  userId: string;
  /** What it is for; a REFUND is paid to the user. */
  type: PaymentDetail['type'];
  /** In minor units, from 1 to 2^63 - 1. */
  amount: bigint;
  /** The code of the currency, such as `ZAR`. */
  currency: string;
  /** The name of the payment provider, 1 to 50 characters. */
  provider: string;
  /** The provider's own id of the payment, 1 to 200 characters, unique over all users. */
  providerReference: string;
  /** The course, a UUID. Required for ENROLLMENT. */
  courseId?: string | undefined;
  /** 1 to 500 characters. Default: none. */
  description?: string | undefined;
}

const insertedPayment = prepared(
  'inserted_payment',
  {
    userId: payments.userId,
    type: payments.type,
    amount: payments.amount,
    currency: payments.currency,
    courseId: payments.courseId,
    provider: payments.provider,
    providerReference: payments.providerReference,
    description: payments.description,
  },
  (query, values) => query.insert(payments).values(values).returning(paymentFields),
);

const selectPayment = statement<PaymentDetail, [provider: string, reference: string]>(
  'select_payment',
  `select ${paymentColumns.list}
   from finance.payments
   where (user_id, id) = (
     select user_id, payment_id
     from finance.payment_references
     where provider = $1
       and reference = $2
   )`,
);

/**
 * Records a payment as PENDING. The provider's reference is its idempotency key: the same payment
 * under the same reference is returned as it stands.
 *
 * @throws ReferenceTakenError if another payment has the reference
 * @throws NotFoundError if the user or the course does not exist
 * @throws UnknownCurrencyError if the platform does not have the currency
 * @throws RetryableError in a transaction stricter than `read committed`, if the reference was
 *   taken after it began; `transaction()` runs it again
 */
export async function createPayment(db: Db, params: NewPaymentParams): Promise<PaymentDetail> {
  const payment = parseInput(input, params);
  const { courseId = null, description = null } = payment;
  const values = { ...payment, courseId, description };
  try {
    // A savepoint inside a caller's transaction, which must survive a taken reference.
    return only(await transaction(db, (tx) => insertedPayment(tx, values)));
  } catch (error) {
    const isTaken =
      error instanceof ConstraintError && error.constraint === 'payment_references_pkey';
    if (!isTaken) throw error;
  }
  const [existing] = await selectPayment(db, [payment.provider, payment.providerReference]);
  // Committed after the snapshot of a stricter transaction was taken: only a newer one shows it.
  if (existing === undefined) throw conflictOf(db);
  const isSame =
    existing.userId === payment.userId &&
    existing.type === payment.type &&
    existing.amount === payment.amount &&
    existing.currency === payment.currency &&
    existing.courseId === courseId;
  if (!isSame) throw new ReferenceTakenError();
  return existing;
}
