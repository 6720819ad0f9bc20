import { statement } from '../../../db/statement.ts';
import type { AuditCheck, AuditFinding } from './audit-check.ts';

/**
 * What a transaction's entries do, against what it says. One finding for each transaction and
 * currency, which is not in the keys when there are no entries.
 */
const selectTransactionFindings = statement<AuditFinding, [limit: number]>(
  'select_transaction_findings',
  `with legs as (
     select
       transaction_user_id, transaction_id, currency,
       sum(amount) as total, sum(greatest(amount, 0)) as moved
     from finance.entries
     group by transaction_user_id, transaction_id, currency
   ), judged_legs as (
     select
       case
         when legs.transaction_id is null then
           case
             when status = 'COMPLETED' and type not in ('HOLD', 'RELEASE') then 'MISSING_ENTRIES'
           end
         when coalesce(status <> 'COMPLETED' or type in ('HOLD', 'RELEASE'), true)
           then 'UNEXPECTED_ENTRIES'
         when total <> 0 then 'UNBALANCED_TRANSACTION'
         when legs.currency = transactions.currency then
           case when moved <> amount then 'AMOUNT_MISMATCH' end
         when type <> 'EXCHANGE' and not exists (
           select
           from finance.transactions as reversed
           where reversed.user_id = transactions.user_id
             and reversed.id = transactions.reverses_id
             and reversed.type = 'EXCHANGE'
         ) then 'CURRENCY_MISMATCH'
       end as kind,
       coalesce(transaction_user_id, transactions.user_id) as initiator_id,
       coalesce(transaction_id, transactions.id) as transaction_id,
       legs.currency, total, moved, amount, transactions.currency as right_currency
     from legs
     full join finance.transactions
       on transactions.user_id = transaction_user_id and transactions.id = transaction_id
   )
   select
     kind,
     json_strip_nulls(json_build_object(
       'initiatorId', initiator_id, 'transactionId', transaction_id, 'currency', currency
     )) as keys,
     null::text as field,
     case kind
       when 'AMOUNT_MISMATCH' then amount::text
       when 'CURRENCY_MISMATCH' then right_currency
       else '0'
     end as expected,
     case kind
       when 'AMOUNT_MISMATCH' then moved::text
       when 'CURRENCY_MISMATCH' then currency
       else total::text
     end as actual
   from judged_legs
   where kind is not null
   limit $1`,
);

/** The keys of an entry, and of its transaction. */
const ENTRY_KEYS = `json_build_object(
       'userId', entries.user_id, 'currency', entries.currency, 'version', version::text,
       'initiatorId', transaction_user_id, 'transactionId', transaction_id
     )`;

const selectTimeFindings = statement<AuditFinding, [limit: number]>(
  'select_time_findings',
  `select
     'TIME_MISMATCH' as kind,
     ${ENTRY_KEYS} as keys,
     case
       when entries.recorded_at <> transactions.recorded_at then 'recorded_at'
       else 'occurred_at'
     end as field,
     null::text as expected,
     null::text as actual
   from finance.entries
   join finance.transactions
     on transactions.user_id = transaction_user_id and transactions.id = transaction_id
   where coalesce(entries.occurred_at, entries.recorded_at) <> transactions.occurred_at
     or entries.recorded_at <> transactions.recorded_at
   limit $1`,
);

const selectChainFindings = statement<AuditFinding, [limit: number]>(
  'select_chain_findings',
  `select
     case
       when version <> previous_version + 1 then 'VERSION_GAP'
       when posted_after <> previous_posted + amount then 'RUNNING_BALANCE_MISMATCH'
       else 'TIME_DISORDER'
     end as kind,
     ${ENTRY_KEYS} as keys,
     null::text as field,
     case
       when version <> previous_version + 1 then (previous_version + 1)::text
       when posted_after <> previous_posted + amount then (previous_posted + amount)::text
     end as expected,
     case
       when version <> previous_version + 1 then version::text
       when posted_after <> previous_posted + amount then posted_after::text
     end as actual
   from (
     select
       *,
       coalesce(lag(version) over chain, 0) as previous_version,
       coalesce(lag(posted_after) over chain, 0)::numeric as previous_posted,
       lag(recorded_at) over chain as previous_at
     from finance.entries
     window chain as (partition by user_id, currency order by version)
   ) as entries
   where version <> previous_version + 1
     or posted_after <> previous_posted + amount
     or recorded_at < previous_at
   limit $1`,
);

const selectOwnerFindings = statement<AuditFinding, [limit: number]>(
  'select_owner_findings',
  `select
     'ORPHAN_ENTRY' as kind,
     json_build_object('userId', owned.user_id, 'currency', owned.currency) as keys,
     null::text as field,
     null::text as expected,
     null::text as actual
   from (select distinct user_id, currency from finance.entries) as owned
   left join finance.wallets
     on wallets.user_id = owned.user_id and wallets.currency = owned.currency
   where wallets.user_id is null
   limit $1`,
);

/**
 * One look by index for each of the transactions that refer to another, and for no others; refunds
 * of payments are looked at with those.
 */
const selectReferringFindings = statement<AuditFinding, [limit: number]>(
  'select_referring_findings',
  `select
     'REFERENCE_BROKEN' as kind,
     json_strip_nulls(json_build_object(
       'initiatorId', user_id, 'transactionId', id, 'currency', currency
     )) as keys,
     rule as field,
     null::text as expected,
     null::text as actual
   from (
     select user_id, id, currency, finance.broken_reference(user_id, id) as rule
     from finance.transactions
     where status = 'COMPLETED'
       and (reverses_id is not null or type in ('REVERSAL', 'CAPTURE'))
       and not exists (
         select
         from finance.payments
         where payments.user_id = transactions.user_id
           and payments.transaction_id = reverses_id
       )
     offset 0
   ) as referring
   where rule is not null
   limit $1`,
);

export const transactionChecks: readonly AuditCheck[] = [
  selectTransactionFindings,
  selectTimeFindings,
  selectChainFindings,
  selectOwnerFindings,
  selectReferringFindings,
];
