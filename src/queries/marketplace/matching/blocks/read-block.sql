create or replace function marketplace.read_block(block integer)
returns table (place integer, job_id uuid, skill_id integer, code integer, total_weight integer)
language sql stable
as $$
  select (p.slot % 512)::integer, p.job_id, n.code >> 3, n.code, v.total_weight
  from marketplace.packed_jobs p
  join marketplace.job_vectors v on v.job_id = p.job_id
  cross join unnest(v.needs) n (code)
  where p.slot >= block::bigint * 512
    and p.slot < (block::bigint + 1) * 512
$$;

comment on function marketplace.read_block(integer) is 'The needs of the jobs that are in a block';
