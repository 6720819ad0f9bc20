import { statement } from '../../../db/statement.ts';
import type { AuditCheck, AuditFinding } from './audit-check.ts';

const selectWalletFindings = statement<AuditFinding, [limit: number]>(
  'select_wallet_findings',
  `select
     facts.kind,
     json_build_object('userId', user_id, 'currency', currency, 'version', version::text) as keys,
     null::text as field,
     expected,
     actual
   from finance.wallets
   left join lateral (
     select posted_after, entries.version as last_version, recorded_at
     from finance.entries
     where entries.user_id = wallets.user_id
       and entries.currency = wallets.currency
     order by entries.version desc
     limit 1
   ) as newest on true
   left join lateral (
     select sum(amount) as held_back, min(expires_at) as expires_at
     from finance.holds
     where holds.user_id = wallets.user_id
       and holds.currency = wallets.currency
       and holds.status = 'PENDING'
   ) as open_holds on true
   -- As far ahead of the clock as the trigger on entries lets a writer be.
   cross join (select statement_timestamp() + interval '5 seconds' as latest) as clock
   cross join lateral (
     values
       ('BALANCE_MISMATCH', coalesce(posted_after, 0)::text, posted::text),
       ('VERSION_MISMATCH', coalesce(last_version, 0)::text, wallets.version::text),
       ('POSTED_AT_MISMATCH', recorded_at::text, posted_at::text),
       (
         'TIME_AHEAD',
         case when recorded_at > latest then latest else recorded_at end::text,
         recorded_at::text
       ),
       ('HELD_MISMATCH', coalesce(held_back, 0)::text, held::text),
       ('HOLD_EXPIRY_MISMATCH', expires_at::text, hold_expires_at::text)
   ) as facts (kind, expected, actual)
   where expected is distinct from actual
   limit $1`,
);

const selectFundsFindings = statement<AuditFinding, [limit: number]>(
  'select_funds_findings',
  `select
     'NEGATIVE_AVAILABLE' as kind,
     json_build_object('userId', user_id, 'currency', currency, 'version', version::text) as keys,
     null::text as field,
     (-credit_limit)::text as expected,
     (posted::numeric - held)::text as actual
   from finance.wallets
   where posted::numeric - held < -credit_limit
   limit $1`,
);

/**
 * Whoever owes money of a currency has issued it: MINT and EXTERNAL, and any other wallet that was
 * let fall below zero. Without a supply limit there is nothing to mint.
 */
const selectSupplyFindings = statement<AuditFinding, [limit: number]>(
  'select_supply_findings',
  `select
     'SUPPLY_EXCEEDED' as kind,
     json_build_object('userId', finance.system_owner('MINT'), 'currency', currency) as keys,
     null::text as field,
     coalesce(supply_limit, 0)::text as expected,
     issued::text as actual
   from (
     select
       currency,
       supply_limit,
       sum(greatest(-posted, 0)) filter (
         where supply_limit is not null or user_id = finance.system_owner('MINT')
       ) as issued
     from (
       select user_id, currency, sum(amount) as posted
       from finance.entries
       group by user_id, currency
     ) as kept
     join finance.currencies on code = currency
     group by currency, supply_limit
   ) as owed
   where issued > coalesce(supply_limit, 0)
   limit $1`,
);

const selectSystemWalletFindings = statement<AuditFinding, [limit: number]>(
  'select_system_wallet_findings',
  `select
     facts.kind,
     json_build_object('userId', finance.system_owner(needed), 'currency', code) as keys,
     null::text as field,
     expected,
     actual
   from finance.currencies
   cross join unnest(enum_range(null::finance.wallet_kind)) as needed
   left join finance.wallets
     on wallets.user_id = finance.system_owner(needed) and wallets.currency = code
   cross join lateral (
     values
       ('MISSING_SYSTEM_WALLET', needed::text, wallets.kind::text),
       ('CLOSED_SYSTEM_WALLET', 'OPEN', coalesce(wallets.status::text, 'OPEN'))
   ) as facts (kind, expected, actual)
   where needed <> 'USER'
     and expected is distinct from actual
   limit $1`,
);

const selectOccurrenceFindings = statement<AuditFinding, [limit: number]>(
  'select_occurrence_findings',
  `with moments as (
     select
       user_id, currency, (extract(epoch from occurred_at) * 1000000)::bigint as micros, amount
     from finance.entries
     where occurred_at is not null
     union all
     select user_id, currency, (extract(epoch from recorded_at) * 1000000)::bigint, -amount
     from finance.entries
     where occurred_at is not null
   ), expected_sums as (
     select
       user_id, currency, level::smallint as level, micros >> (8 * level) as stretch,
       sum(amount) as amount
     from moments
     cross join generate_series(0, 6) as level
     group by user_id, currency, level, micros >> (8 * level)
   )
   select
     'OCCURRENCE_MISMATCH' as kind,
     json_build_object(
       'userId', user_id, 'currency', currency, 'level', level::text, 'stretch', stretch::text
     ) as keys,
     null::text as field,
     coalesce(expected_sums.amount, 0)::text as expected,
     coalesce(kept.amount, 0)::text as actual
   from expected_sums
   full join finance.occurrence_sums as kept using (user_id, currency, level, stretch)
   where coalesce(expected_sums.amount, 0) <> coalesce(kept.amount, 0)
   limit $1`,
);

export const walletChecks: readonly AuditCheck[] = [
  selectWalletFindings,
  selectFundsFindings,
  selectSupplyFindings,
  selectSystemWalletFindings,
  selectOccurrenceFindings,
];
