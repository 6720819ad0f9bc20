create or replace function finance.check_mixed_entries(
  owners uuid[], ids uuid[], codes text[], amounts bigint[]
)
returns text
language sql stable
as $$
  -- Only for statements with a transaction of several currencies, which are few: exchanges and
  -- their reversals. Returns the rule that one of them breaks, and its id.
  select min((broken || ' ' || id) collate "C")
  from (
    select
      id,
      case
        when bool_or(total <> 0) then 'entries_balance_check'
        when not coalesce(bool_and(is_exchange), false) then 'entries_currency_check'
        when coalesce(sum(moved) filter (where code = currency), 0) <> max(amount)
          then 'entries_amount_check'
      end as broken
    from (
      select owner, id, code, sum(leg) as total, sum(greatest(leg, 0)) as moved
      from unnest(owners, ids, codes, amounts) as given (owner, id, code, leg)
      group by owner, id, code
    ) as legs
    left join lateral (
      select
        currency, amount,
        type = 'EXCHANGE' or exists (
          select
          from finance.transactions as reversed
          where reversed.user_id = posted.user_id
            and reversed.id = posted.reverses_id
            and reversed.type = 'EXCHANGE'
        ) as is_exchange
      from finance.transactions as posted
      where posted.user_id = legs.owner
        and posted.id = legs.id
      offset 0
    ) as posted on true
    group by owner, id
    having count(*) > 1
  ) as mixed
$$;

comment on function finance.check_mixed_entries(uuid[], uuid[], text[], bigint[])
is 'Which rule the entries of an exchange break, if any';
