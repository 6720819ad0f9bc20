create or replace function marketplace.best_places(
  ids integer[], vectors bit varying[], width integer, most_share integer, wanted integer,
  out places bigint[], out shares integer[]
)
language plpgsql immutable
as $$
-- From the top: half as much at a time, until there are enough.
declare
  least_share integer := 2048;
  mask bit(512);
  lowest bit varying;
begin
  loop
    least_share := case when least_share > 128 then least_share / 2 else 1 end;
    continue when least_share > greatest(1, most_share);
    mask := marketplace.places_mask(least_share, width);
    lowest := substring(least_share::bit(32) from 33 - width);
    select array_agg(b.place), array_agg(b.share) into places, shares
    from (
      select v.id::bigint * (8192 / width) + r.place as place, r.share::integer as share
      from unnest(ids, vectors) v (id, bits)
      cross join marketplace.reached_places(v.bits, width, mask, lowest) r
      where r.share::integer <= most_share
      order by r.share desc
      limit wanted
    ) b;
    exit when cardinality(places) = wanted or least_share = 1;
  end loop;
end
$$;

comment on function marketplace.best_places is
  'Where these vectors have most, but not more than so much, best first: a vector''s id times the '
  'places of one, and the place in it';
