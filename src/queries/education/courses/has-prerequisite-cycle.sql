create or replace function education.has_prerequisite_cycle(target uuid) returns boolean
language plpgsql stable
set enable_nestloop = off
as $$
-- Takes away modules that ask for nothing that is left, until there are none: what is left then is
-- in a circle or asks for one. Looks at each prerequisite once. Modules are numbered, and those
-- that ask for number n are in `dependents` after ends[n - 1], up to ends[n]. No nested loops: a
-- draft that was just saved looks small to the planner, which would go through all of its modules
-- for each prerequisite.
declare
  open_counts integer[];
  ends integer[];
  dependents integer[];
  free_modules integer[];
  place integer := 1;
  module integer;
  dependent integer;
begin
  with numbered_modules as materialized (
    select
      modules.id,
      row_number() over (order by modules.id)::integer as number,
      (
        select count(*)
        from education.module_prerequisites as steps
        where steps.course_id = target and steps.module_id = modules.id
      )::integer as open_count,
      sum((
        select count(*)
        from education.module_prerequisites as steps
        where steps.course_id = target and steps.prerequisite_id = modules.id
      )) over (order by modules.id)::integer as last_dependent
    from education.course_modules as modules
    where modules.course_id = target
  )
  select
    array_agg(open_count order by number),
    array_agg(last_dependent order by number),
    coalesce(array_agg(number order by number) filter (where open_count = 0), '{}'),
    (
      select array_agg(modules.number order by prerequisites.number)
      from education.module_prerequisites as steps
      join numbered_modules as modules on modules.id = steps.module_id
      join numbered_modules as prerequisites on prerequisites.id = steps.prerequisite_id
      where steps.course_id = target
    )
  into open_counts, ends, free_modules, dependents
  from numbered_modules;

  while place <= cardinality(free_modules) loop
    module := free_modules[place];
    for step in coalesce(ends[module - 1], 0) + 1 .. ends[module] loop
      dependent := dependents[step];
      open_counts[dependent] := open_counts[dependent] - 1;
      if open_counts[dependent] = 0 then
        free_modules := free_modules || dependent;
      end if;
    end loop;
    place := place + 1;
  end loop;
  return cardinality(free_modules) < cardinality(open_counts);
end
$$;

comment on function education.has_prerequisite_cycle(uuid)
is 'Whether a module of a draft asks for itself, by way of others';
