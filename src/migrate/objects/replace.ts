import { dropOf, textOf } from './changes.ts';
import type { SqlObject } from './sql-object.ts';

/**
 * The statements that make an object on a database that may have it, in this or an older form. What
 * cannot be replaced is dropped first: of a type, with the functions that take or return it, which
 * all are made after it.
 */
export function replaceObject(object: SqlObject): string[] {
  const { kind, name, text } = object;
  if (kind === 'function') return [replaceFunction(object)];
  if (kind === 'type') return [dropUsers(name.slice('type '.length)), dropOf(name), text];
  const mustGo =
    kind === 'constraint' || kind === 'index' || text.includes('create constraint trigger');
  return mustGo ? [dropOf(name), text] : [text];
}

// Other names of parameters, another result or a default less cannot be replaced.
function replaceFunction(object: SqlObject): string {
  const made = `execute '${textOf(object).replaceAll("'", "''")}';`;
  return `do $replace$
  begin
    ${made}
  exception when invalid_function_definition then
    ${dropOf(object.name)}
    ${made}
  end
  $replace$;`;
}

function dropUsers(type: string): string {
  return dropEach(
    `
    select distinct format('drop function %s', d.objid::regprocedure)
    from pg_depend d
    join pg_type t on d.refobjid in (t.oid, t.typarray)
    where d.refclassid = 'pg_type'::regclass
      and d.classid = 'pg_proc'::regclass
      and t.oid = '${type}'::regtype`,
    `to_regtype('${type}') is not null`,
  );
}

/**
 * Drops the functions and composite types of some schemas, and the triggers on their tables that
 * call such functions, that this transaction did not make: it has just made all that the sources
 * have, and the row of each object in the catalog says which transaction wrote it. Triggers of
 * others on tables of their own stay while the function does.
 */
export function dropLeftovers(schemas: readonly string[]): string {
  const ours = schemas.map((schema) => `'${schema}'`).join(', ');
  // Blocks that catch an error write as subtransactions, which are younger.
  const isOld = (row: string) => `age(${row}.xmin) > age(pg_current_xact_id()::xid)`;
  return [
    `select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
    from pg_trigger g
    join pg_proc p on p.oid = g.tgfoid
    join pg_class c on c.oid = g.tgrelid
    where not g.tgisinternal
      and p.pronamespace::regnamespace::text in (${ours})
      and ${isOld('g')}
      and (c.relnamespace::regnamespace::text in (${ours}) or ${isOld('p')})`,
    `select format('drop routine %s', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace::regnamespace::text in (${ours})
      and ${isOld('p')}`,
    `select format('drop type %s', t.oid::regtype)
    from pg_type t
    join pg_class c on c.oid = t.typrelid
    where c.relkind = 'c'
      and t.typnamespace::regnamespace::text in (${ours})
      and ${isOld('t')}`,
  ]
    .map((statements) => dropEach(statements))
    .join('\n');
}

/**
 * The triggers of some schemas that keep a column from being changed or dropped, each as the
 * statements that drop it and make it.
 */
export const selectColumnTriggers = `
  select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass) as drop,
    pg_get_triggerdef(g.oid) as make
  from pg_trigger g
  join pg_class c on c.oid = g.tgrelid
  join pg_proc p on p.oid = g.tgfoid
  where not g.tgisinternal
    and c.relnamespace::regnamespace::text = any ($1)
    and p.pronamespace::regnamespace::text = any ($1)
    and exists (
      select from pg_depend d
      where d.classid = 'pg_trigger'::regclass
        and d.objid = g.oid
        and d.refclassid = 'pg_class'::regclass
        and d.refobjsubid > 0
    )
  order by g.oid`;

function dropEach(statements: string, condition = 'true'): string {
  return `do $$
  declare
    statement text;
  begin
    if ${condition} then
      for statement in ${statements}
      loop
        execute statement;
      end loop;
    end if;
  end
  $$;`;
}
