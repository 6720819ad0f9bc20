import { statement } from '../../../db/statement.ts';
import type { AuditCheck, AuditFinding } from './audit-check.ts';

const selectHoldFindings = statement<AuditFinding, [limit: number]>(
  'select_hold_findings',
  `select
     'ORPHAN_HOLD' as kind,
     json_build_object(
       'userId', holds.user_id, 'currency', holds.currency, 'holdId', holds.id
     ) as keys,
     null::text as field,
     null::text as expected,
     holds.status::text as actual
   from finance.holds
   left join finance.wallets
     on wallets.user_id = holds.user_id and wallets.currency = holds.currency
   left join finance.transactions as placed
     on placed.user_id = holds.user_id and placed.id = holds.id
   left join finance.transactions as resolved
     on resolved.user_id = holds.user_id and resolved.id = holds.resolution_id
   where wallets.user_id is null
     or (placed.type, placed.status, placed.amount, placed.currency)
       is distinct from ('HOLD', 'COMPLETED', holds.amount, holds.currency)
     or (
       holds.status = 'CAPTURED'
       and (resolved.type, resolved.status, resolved.amount, resolved.currency)
         is distinct from ('CAPTURE', 'COMPLETED', holds.captured, holds.currency)
     )
     or (
       holds.status = 'RELEASED'
       and (resolved.type, resolved.status, resolved.amount, resolved.currency)
         is distinct from ('RELEASE', 'COMPLETED', holds.amount, holds.currency)
     )
   limit $1`,
);

const selectExpiryFindings = statement<AuditFinding, [limit: number]>(
  'select_expiry_findings',
  `select
     'EARLY_EXPIRY' as kind,
     json_build_object('userId', user_id, 'currency', currency, 'holdId', id) as keys,
     null::text as field,
     expires_at::text as expected,
     resolved_at::text as actual
   from finance.holds
   where status = 'EXPIRED'
     and expires_at > finance.ledger_time(statement_timestamp())
   limit $1`,
);

/** By two joins, each over a key: one join over either would compare all that a user ever held. */
const selectMissingHoldFindings = statement<AuditFinding, [limit: number]>(
  'select_missing_hold_findings',
  `select
     'MISSING_HOLD' as kind,
     json_build_object(
       'initiatorId', user_id, 'transactionId', id, 'currency', currency
     ) as keys,
     null::text as field,
     null::text as expected,
     type::text as actual
   from (
     select user_id, id, currency, type
     from finance.transactions
     where status = 'COMPLETED'
       and type = 'HOLD'
       and not exists (
         select
         from finance.holds
         where holds.user_id = transactions.user_id
           and holds.id = transactions.id
       )
     union all
     select user_id, id, currency, type
     from finance.transactions
     where status = 'COMPLETED'
       and type in ('CAPTURE', 'RELEASE')
       and not exists (
         select
         from finance.holds
         where holds.user_id = transactions.user_id
           and holds.resolution_id = transactions.id
       )
   ) as homeless
   limit $1`,
);

const selectPaymentFindings = statement<AuditFinding, [limit: number]>(
  'select_payment_findings',
  `select
     'PAYMENT_MISMATCH' as kind,
     json_build_object(
       'userId', payments.user_id, 'currency', payments.currency, 'paymentId', payments.id
     ) as keys,
     null::text as field,
     payments.amount::text as expected,
     case
       when payments.status = 'REFUNDED' and settled.amount = payments.amount then refund.amount
       else settled.amount
     end::text as actual
   from finance.payments
   left join finance.transactions as settled
     on settled.user_id = payments.user_id and settled.id = payments.transaction_id
   left join finance.transactions as refund
     on refund.user_id = payments.user_id and refund.reverses_id = payments.transaction_id
       and refund.status = 'COMPLETED'
   cross join lateral (
     select
       case when payments.type = 'REFUND' then 'FEES' else 'EXTERNAL' end::finance.wallet_kind
         as payer,
       case when payments.type = 'REFUND' then 'EXTERNAL' else 'FEES' end::finance.wallet_kind
         as payee
   ) as parties
   where payments.status in ('COMPLETED', 'REFUNDED')
     and (
       (settled.type, settled.status, settled.amount, settled.currency) is distinct from (
         case
           when payments.type = 'REFUND' then 'REFUND' else 'PAYMENT'
         end::finance.transaction_type,
         'COMPLETED', payments.amount, payments.currency
       )
       or settled.reverses_id is not null
       or finance.moved_between(
         payments.user_id, payments.transaction_id,
         finance.system_owner(parties.payer), finance.system_owner(parties.payee),
         payments.currency, payments.amount
       ) is not true
       or (payments.status = 'COMPLETED' and refund.id is not null)
       or (
         payments.status = 'REFUNDED'
         and (
           (refund.type, refund.amount, refund.currency)
             is distinct from ('REFUND', payments.amount, payments.currency)
           or finance.broken_reference(refund.user_id, refund.id) is not null
         )
       )
     )
   limit $1`,
);

const selectReferenceFindings = statement<AuditFinding, [limit: number]>(
  'select_reference_findings',
  `select
     'REFERENCE_MISMATCH' as kind,
     json_build_object(
       'userId', coalesce(claimed.user_id, payments.user_id),
       'paymentId', coalesce(payment_id, payments.id)
     ) as keys,
     null::text as field,
     provider_reference as expected,
     reference as actual
   from finance.payment_references as claimed
   full join finance.payments
     on payments.user_id = claimed.user_id and payments.id = payment_id
       and payments.provider = claimed.provider and provider_reference = reference
   where payments.id is null
     or payment_id is null
   limit $1`,
);

const selectRewardFindings = statement<AuditFinding, [limit: number]>(
  'select_reward_findings',
  `select
     'REWARD_MISMATCH' as kind,
     json_build_object(
       'userId', activities.user_id, 'currency', 'AZR', 'activityId', activities.id
     ) as keys,
     null::text as field,
     tokens_earned::text as expected,
     posted.amount::text as actual
   from finance.mining_activities as activities
   left join finance.transactions as posted
     on posted.user_id = activities.user_id and posted.id = activities.transaction_id
   where activities.status = 'REWARDED'
     and (
       (posted.type, posted.status, posted.amount, posted.currency)
         is distinct from ('MINING_REWARD', 'COMPLETED', tokens_earned, 'AZR')
       or finance.moved_between(
         activities.user_id, activities.transaction_id,
         finance.system_owner('MINT'), activities.user_id, 'AZR', tokens_earned
       ) is not true
     )
   limit $1`,
);

/** What holds, payments and rewards say about the transactions that made them what they are. */
export const purposeChecks: readonly AuditCheck[] = [
  selectHoldFindings,
  selectExpiryFindings,
  selectMissingHoldFindings,
  selectPaymentFindings,
  selectReferenceFindings,
  selectRewardFindings,
];
