create or replace function marketplace.next_packed_block() returns integer
language sql stable
as $$
  -- From the rows themselves, which a dump and a replica have: a sequence that lags behind them
  -- would add a block to another's numbers. A block that all jobs have left still has its shares.
  select 1 + greatest(
    -1,
    (select (max(slot) / 512)::integer from marketplace.packed_jobs),
    (select max(block_id) from marketplace.packed_shares)
  )
$$;

comment on function marketplace.next_packed_block()
is 'The number after those of all blocks that there are';
