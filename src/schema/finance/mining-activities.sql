comment on table finance.mining_activities
is 'A proof of knowledge that can earn AZR, rewarded at most once';

create or replace trigger mining_activities_touch
before update on finance.mining_activities
for each row when (old.* is distinct from new.*)
execute function platform.touch_updated_at();

create or replace function finance.check_reward_posting() returns trigger
language plpgsql
as $$
begin
  if not exists (
    select
    from finance.transactions
    where user_id = new.user_id
      and id = new.transaction_id
      and type = 'MINING_REWARD'
      and status = 'COMPLETED'
      and amount = new.tokens_earned
      and currency = 'AZR'
  ) or finance.moved_between(
    new.user_id, new.transaction_id,
    finance.system_owner('MINT'), new.user_id, 'AZR', new.tokens_earned
  ) is not true then
    raise exception 'no transaction rewards activity %', new.id
      using errcode = 'check_violation', schema = 'finance', table = 'mining_activities',
        constraint = 'mining_activities_rewarded_by_transaction_check';
  end if;
  return null;
end
$$;

comment on function finance.check_reward_posting()
is 'Refuses a reward whose transaction does not fit';

-- What was submitted stays as it was, and when it was verified. A proof goes from PENDING over
-- VERIFIED to REWARDED, or to REJECTED, and then stays as it is.
create or replace trigger mining_activities_final
before update on finance.mining_activities
for each row when (
  (old.user_id, old.id, old.type, old.tokens_earned, old.metadata)
    is distinct from (new.user_id, new.id, new.type, new.tokens_earned, new.metadata)
  or old.idempotency_key <> new.idempotency_key
  or old.status in ('REWARDED', 'REJECTED')
  or (old.status = 'VERIFIED' and new.status = 'PENDING')
  or (
    old.status = 'VERIFIED'
    and (old.verified_at, old.created_at) is distinct from (new.verified_at, new.created_at)
  )
  or (old.status = 'PENDING' and new.status = 'REWARDED')
)
execute function platform.forbid_change();

create or replace trigger mining_activities_decided_stay
before delete on finance.mining_activities
for each row when (old.status <> 'PENDING')
execute function platform.forbid_change();

create or replace trigger mining_activities_no_truncate
before truncate on finance.mining_activities
for each statement execute function platform.forbid_change();

create or replace trigger mining_activities_posted
after insert or update of status on finance.mining_activities
for each row when (new.status = 'REWARDED')
execute function finance.check_reward_posting();
