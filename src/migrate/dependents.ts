import type { PoolClient } from 'pg';
import { BOOKS, OUR_BOOKS } from '../books.ts';
import { serviceSchemas } from '../schema/schemas.ts';

// `gone` is found as `drop schema ... cascade` does: from each object to what depends on it, and
// from a part to the whole that cannot be without it, as from a view's rule to the view.
//
// `theirs` is what of it stands outside of our schemas, and what of it stands in them but needs
// something of others, as a trigger of theirs on our table: nothing of ours does, but for
// extensions and our functions in public.
//
// Parts of what is named already are left out, as the index of a column. So are default privileges,
// which are the operator's as all privileges are.
const SELECT_DEPENDENTS = `
  with recursive gone (classid, objid, objsubid) as (
    (
      select 'pg_namespace'::regclass::oid, oid, 0
      from pg_namespace
      where nspname = any ($1) and nspname <> '${BOOKS.schema}'
      union all
      select 'pg_class'::regclass::oid, to_regclass($2)::oid, 0 where to_regclass($2) is not null
    )
    union
    select step.*
    from gone
    cross join lateral (
      select classid, objid, objsubid
      from pg_depend
      where refclassid = gone.classid and refobjid = gone.objid
        and (gone.objsubid = 0 or refobjsubid = gone.objsubid)
      union all
      select refclassid, refobjid, refobjsubid
      from pg_depend
      where classid = gone.classid and objid = gone.objid and objsubid = gone.objsubid
        and deptype in ('i', 'e')
    ) step
  ),
  placed as materialized (
    select gone.*,
      case
        when classid in ('pg_publication_rel'::regclass, 'pg_publication_namespace'::regclass)
          then false
        when classid = 'pg_constraint'::regclass
          then (
            select connamespace::regnamespace::text = any ($1) from pg_constraint where oid = objid
          )
        else coalesce(name.schema, address.object_names[1]) = any ($1)
      end as is_inside
    from gone
    cross join lateral pg_identify_object(classid, objid, objsubid) name
    cross join lateral pg_identify_object_as_address(classid, objid, objsubid) address
    where classid <> 'pg_default_acl'::regclass
  ),
  theirs as (
    select classid, objid, objsubid
    from placed
    where not is_inside and not exists (
      select
      from pg_depend d
      join placed whole
        on whole.classid = d.refclassid and whole.objid = d.refobjid
        and whole.objsubid in (0, d.refobjsubid)
      where d.classid = placed.classid and d.objid = placed.objid
        and d.objsubid = placed.objsubid
        and (
          d.deptype in ('i', 'P', 'S')
          or d.deptype = 'a' and d.objsubid = 0 and not whole.is_inside
        )
    )
    union
    select
      case when rule.oid is null then d.classid else 'pg_class'::regclass end,
      coalesce(rule.ev_class, d.objid),
      d.objsubid
    from placed
    join pg_depend d on d.classid = placed.classid and d.objid = placed.objid
    left join pg_rewrite rule
      on d.classid = 'pg_rewrite'::regclass and rule.oid = d.objid and rule.rulename = '_RETURN'
    cross join lateral pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) need
    where is_inside and d.deptype = 'n'
      and need.schema <> all ($1) and need.schema not in ('pg_catalog', 'information_schema')
      and not exists (
        select from unnest($3::text[]) ours (signature)
        where d.refclassid = 'pg_proc'::regclass and d.refobjid = to_regprocedure(signature)
      )
      and not exists (
        select from pg_depend member
        where member.classid = d.refclassid and member.objid = d.refobjid
          and member.deptype = 'e'
      )
  )
  select concat_ws(' ', name.type, name.identity) as dependent
  from theirs
  cross join lateral pg_identify_object(classid, objid, objsubid) name
  order by 1`;

/**
 * What of others a reset would drop with ours, as `view shop.rich_users`: keys, views, columns of
 * our types, triggers that call our functions, and all else that PostgreSQL knows to depend on our
 * schemas. Bodies of functions are text to it, so what only they name is not here, nor is it
 * dropped. What others made inside of our schemas out of ours alone counts as ours.
 *
 * @param publicFunctions the signatures of our functions in public
 */
export async function listDependents(
  client: PoolClient,
  publicFunctions: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ dependent: string }>(SELECT_DEPENDENTS, [
    [...serviceSchemas, BOOKS.schema],
    OUR_BOOKS,
    publicFunctions,
  ]);
  return rows.map(({ dependent }) => dependent);
}

/** Keeps others from adding to what depends on our tables, until the end of the transaction. */
export async function lockTables(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ names: string | null }>(
    `select string_agg(format('%I.%I', nspname, relname), ', ' order by nspname, relname) as names
     from pg_class
     join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = any ($1) and relkind in ('r', 'p') and pg_has_role(relowner, 'usage')`,
    [serviceSchemas],
  );
  if (rows[0]?.names) await client.query(`lock table ${rows[0].names} in access exclusive mode`);
}
