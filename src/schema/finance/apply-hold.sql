create or replace function finance.apply_hold() returns trigger
language plpgsql
as $$
-- What is held follows the holds themselves, one wallet row for each hold that opens or is
-- resolved.
declare
  is_sound boolean;
  stated constant timestamptz := case
    when tg_op = 'INSERT' then new.created_at else new.resolved_at
  end;
  said_at timestamptz;
begin
  -- The transaction that a hold names has to be the one that did this to it.
  select
    case
      when status <> 'COMPLETED' or currency <> new.currency then false
      when tg_op = 'INSERT' then type = 'HOLD' and amount = new.amount
      when new.status = 'CAPTURED' then type = 'CAPTURE' and amount = new.captured
      else type = 'RELEASE' and amount = new.amount
    end,
    recorded_at
  into is_sound, said_at
  from finance.transactions
  where user_id = new.user_id
    and id = case when tg_op = 'INSERT' then new.id else new.resolution_id end;
  if is_sound is not true and (tg_op = 'INSERT' or new.status <> 'EXPIRED') then
    raise exception 'the transaction of hold % is not one that makes it %', new.id, new.status
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = case
          when tg_op = 'INSERT' then 'holds_placed_by_hold_check'
          when new.status = 'CAPTURED' then 'holds_captured_by_capture_check'
          else 'holds_released_by_release_check'
        end;
  end if;
  -- Rounded up like the times of the functions, which may be a moment ahead of the clock.
  if new.status = 'EXPIRED' and new.expires_at > finance.ledger_time(clock_timestamp()) then
    raise exception 'hold % is not due before %', new.id, new.expires_at
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_expired_by_clock_check';
  end if;

  -- By the clock, which a transaction may be as far ahead of as the trigger on entries lets it, and
  -- a hold no further than it was when it was placed.
  if stated < finance.earliest_recording()
    or stated > greatest(
      clock_timestamp() + interval '5 seconds', said_at,
      case when tg_op = 'UPDATE' then new.created_at end
    )
  then
    raise exception 'hold % says that it is % since %, which is not now', new.id, new.status, stated
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_recorded_by_clock_check';
  end if;

  -- Locked in a statement of its own, so that the next one begins after the lock is held: an update
  -- that waits itself finds the earliest end among the holds that there were before it waited.
  perform
  from finance.wallets
  where user_id = new.user_id and currency = new.currency
  for no key update;
  update finance.wallets
  set
    held = held + case when tg_op = 'INSERT' then new.amount else -old.amount end,
    hold_expires_at = (
      select min(expires_at)
      from finance.holds
      where user_id = new.user_id
        and currency = new.currency
        and status = 'PENDING'
    ),
    updated_at = clock_timestamp()
  where user_id = new.user_id
    and currency = new.currency
    and kind = 'USER'
    and status = 'OPEN';
  if not found then
    raise exception 'wallet % % cannot have holds', new.user_id, new.currency
      using errcode = 'check_violation', schema = 'finance', table = 'holds',
        constraint = 'holds_in_open_user_wallet_check';
  end if;
  return null;
end
$$;

comment on function finance.apply_hold()
is 'Moves what a wallet holds back when a hold opens or is resolved';
