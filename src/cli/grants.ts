import { BOOKS } from '../books.ts';
import { connect } from '../db/connect.ts';
import { AzoraDbError } from '../errors.ts';
import { serviceSchemas } from '../schema/schemas.ts';

/**
 * What a command does with the database: it reads the books of the migrations, all rows as well,
 * the state of sequences too, or writes rows; or it changes tables.
 */
export type Need = 'books' | 'read' | 'inspect' | 'write' | 'own';

/** Whether the server, or we for it, said that the role lacks a privilege. */
export function isPermissionDenied(error: unknown): boolean {
  if (!(error instanceof AzoraDbError)) return false;
  if (error.code === 'MIGRATIONS_UNREADABLE') return true;
  return error.sqlState === '42501' || isPermissionDenied(error.cause);
}

/**
 * The `grant` statements that the role of the URL lacks for what a command does, for another to
 * run. Asked of the catalog, because the server's own words name one object, in its own language.
 * Empty when the role has them all: then it is about something else.
 */
export async function missingGrants(url: string, need: Need): Promise<string[]> {
  const db = await connect({ url, max: 1, requireMigrated: false });
  try {
    const text = need === 'own' ? OWNER_GRANTS : GRANTS;
    const values =
      need === 'own'
        ? [[...serviceSchemas, BOOKS.schema]]
        : [
            need === 'books' ? [] : serviceSchemas,
            BOOKS.schema,
            need === 'write',
            need === 'inspect',
          ];
    const { rows } = await db.$client.query<{ text: string }>(text, values);
    return rows.map((row) => row.text);
  } finally {
    await db.close();
  }
}

const GRANTS = `
  with spaces as (
    select oid, quote_ident(nspname) as name, nspname = $2 as has_books
    from pg_namespace
    where nspname = any($1::text[]) or nspname = $2
  ),
  privileges (place, privilege, wanted) as (
    values
      (1, 'select', true), (2, 'insert', $3::boolean), (3, 'update', $3), (4, 'delete', $3)
  ),
  lacking as (
    select 0 as place, 'usage on schema' as what, name
    from spaces
    where not has_schema_privilege(oid, 'usage')
    union
    select place, privilege || ' on all tables in schema', name
    from spaces
    join pg_class on relnamespace = spaces.oid and relkind in ('r', 'p', 'v', 'm')
    join privileges on wanted and (place = 1 or not has_books)
    where not has_table_privilege(pg_class.oid, privilege)
    union
    select 5, 'select on all sequences in schema', name
    from spaces
    join pg_class on relnamespace = spaces.oid
    join pg_sequence on seqrelid = pg_class.oid
    where $4 and not has_sequence_privilege(seqrelid, 'select')
    union
    select 6, 'execute on all functions in schema', name
    from spaces
    join pg_proc on pronamespace = spaces.oid
    where not has_books and not has_function_privilege(pg_proc.oid, 'execute')
  )
  select
    format('grant %s %s to %I;', what, string_agg(name, ', ' order by name), current_user) as text
  from lacking
  group by place, what
  order by place, what`;

// Nobody but its owner may change a table, so for those that are there it is the owner's role; a
// superuser's is given to nobody.
const OWNER_GRANTS = `
  with owners as (
    select nspowner as owner
    from pg_namespace
    where nspname = any($1::text[])
    union
    select relowner
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = any($1)
  ),
  others as (
    select rolname, rolsuper
    from owners
    join pg_roles on pg_roles.oid = owner
    where not pg_has_role(owner, 'usage')
  )
  select
    case
      when rolsuper then format('-- none: run this as %I, who owns the tables', rolname)
      else format('grant %I to %I;', rolname, current_user)
    end as text
  from others
  union all
  select format('grant create on database %I to %I;', current_database(), current_user)
  where not exists (select from others)
    and not has_database_privilege(current_database(), 'create')
  union all
  select format('grant create on schema public to %I;', current_user)
  where not exists (select from others)
    and not coalesce(has_schema_privilege(to_regnamespace('public'), 'create'), true)
  order by text`;
