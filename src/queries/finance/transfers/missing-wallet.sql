create or replace function finance.missing_wallet(of_currency text) returns finance.failure_code
language sql stable
as $$
  select case
    when exists (select from finance.currencies where code = of_currency)
      then 'WALLET_NOT_FOUND'::finance.failure_code
    else 'UNKNOWN_CURRENCY'
  end
$$;

comment on function finance.missing_wallet(text) is 'Why there is no wallet in a currency';
