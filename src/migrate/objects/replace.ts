import { dropOf } from './changes.ts';
import type { SqlObject } from './sql-object.ts';

/**
 * The statements that make an object on a database that may have it, in this or an older form. What
 * cannot be replaced is dropped first: of a type, with the functions that take or return it, which
 * all are made after it.
 */
export function replaceObject({ kind, name, text }: SqlObject): string[] {
  if (kind === 'type') return [dropUsers(name.slice('type '.length)), dropOf(name), text];
  const mustGo =
    kind === 'constraint' || kind === 'index' || text.includes('create constraint trigger');
  return mustGo ? [dropOf(name), text] : [text];
}

function dropUsers(type: string): string {
  return dropEach(
    `
    select format('drop function %s', d.objid::regprocedure)
    from pg_depend d
    join pg_type t on t.oid = d.refobjid or t.typarray = d.refobjid
    where d.refclassid = 'pg_type'::regclass
      and d.classid = 'pg_proc'::regclass
      and '${type}'::regtype in (t.oid, t.typelem)`,
    `to_regtype('${type}') is not null`,
  );
}

/**
 * Drops the functions of some schemas, and the triggers that call them, that this transaction did
 * not make: it has just made all that the sources have, and the row of each object in the catalog
 * says which transaction wrote it.
 */
export function dropLeftovers(schemas: readonly string[]): string {
  const ours = schemas.map((schema) => `'${schema}'`).join(', ');
  return `${dropEach(`
    select format('drop trigger %I on %s', g.tgname, g.tgrelid::regclass)
    from pg_trigger g
    join pg_proc p on p.oid = g.tgfoid
    where not g.tgisinternal
      and p.pronamespace::regnamespace::text in (${ours})
      and g.xmin <> pg_current_xact_id()::xid`)}
  ${dropEach(`
    select format('drop function %s', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace::regnamespace::text in (${ours})
      and p.xmin <> pg_current_xact_id()::xid`)}`;
}

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
