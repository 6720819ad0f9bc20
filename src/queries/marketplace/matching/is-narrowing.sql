create or replace function marketplace.is_narrowing(filter marketplace.job_filter) returns boolean
language sql immutable parallel safe
as $$
  -- Inlined. Searches ask this once, and not each field for each job, because a field of a
  -- composite value is read slower than a variable.
  select num_nonnulls(
    filter.remote_only, filter.place, filter.least_salary, filter.pay_currency, filter.after_score
  ) > 0
$$;

comment on function marketplace.is_narrowing(marketplace.job_filter) is
  'Whether the filter leaves out open jobs';
