create or replace function finance.seal_fault(seal finance.seals) returns text
language sql stable
as $$
  -- One range too many is found without its hash, by its place.
  select
    case
      when seal.previous_hash is distinct from
        case
          when seal.number = 1 then sha256('')
          else (select hash from finance.seals where number = seal.number - 1)
        end
        then 'previous_hash'
      when seal.range_count is distinct from (
        select case when count(*) = max(place) then count(*) end
        from finance.sealed_ranges
        where seal_number = seal.number
      ) then 'range_count'
      when seal.hash is distinct from finance.seal_hash(seal.number, seal.previous_hash) then 'hash'
    end
$$;

comment on function finance.seal_fault(finance.seals) is
  'Which column of a seal does not follow from its ranges and the seal before; null if all do';
