import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '../setup/test-database.ts';
import { listTables, listUniqueKeys, readCatalog } from './catalog.ts';

const database = useTestDatabase();

interface Named {
  table: string;
  name: string;
  kind: string;
  /** Null where an index is over an expression. */
  columns: (string | null)[];
}

/** What a name has to look like, by kind; `%` stands for any purpose. */
const forms: Record<string, (named: Named) => string> = {
  'primary key': ({ table }) => `${table}_pkey`,
  unique: ({ table, columns }) => `${table}_${columns.join('_')}_key`,
  'foreign key': ({ table, columns }) =>
    columns.length === 1 ? `${table}_${columns[0]}_fkey` : `${table}_%_fkey`,
  check: ({ table }) => `${table}_%_check`,
  exclusion: ({ table }) => `${table}_%_excl`,
  index: ({ table }) => `${table}_%_idx`,
  'unique index': ({ table }) => `${table}_%_key`,
  trigger: ({ table }) => `${table}_%`,
};

function followsItsForm(named: Named): boolean {
  const form = forms[named.kind]?.(named) ?? 'a kind without a form';
  return new RegExp(`^${form.replace('%', '[a-z][a-z0-9_]*')}$`).test(named.name);
}

async function listNames(): Promise<Named[]> {
  const constraints = await readCatalog<Named>(
    database.db,
    `select
       pg_class.relname as table,
       pg_constraint.conname as name,
       case pg_constraint.contype
         when 'p' then 'primary key'
         when 'u' then 'unique'
         when 'f' then 'foreign key'
         when 'c' then 'check'
         when 'x' then 'exclusion'
         else 'of type ' || pg_constraint.contype::text
       end as kind,
       array(
         select pg_attribute.attname::text
         from unnest(pg_constraint.conkey) with ordinality as key (attnum, at)
         join pg_attribute
           on pg_attribute.attrelid = pg_constraint.conrelid
           and pg_attribute.attnum = key.attnum
         order by key.at
       ) as columns
     from pg_constraint
     join pg_class on pg_class.oid = pg_constraint.conrelid
     where pg_class.relnamespace = any($1::text[]::regnamespace[])
       and pg_constraint.contype not in ('n', 't')
       and not pg_class.relispartition`,
  );
  const others = await readCatalog<Named>(
    database.db,
    `select
       pg_class.relname as table,
       index_class.relname as name,
       case when pg_index.indisunique then 'unique index' else 'index' end as kind,
       '{}'::text[] as columns
     from pg_index
     join pg_class on pg_class.oid = pg_index.indrelid
     join pg_class as index_class on index_class.oid = pg_index.indexrelid
     where pg_class.relnamespace = any($1::text[]::regnamespace[])
       and not pg_class.relispartition
       and not exists (select from pg_constraint where conindid = index_class.oid and contype in ('p', 'u', 'x'))
     union all
     select pg_class.relname, pg_trigger.tgname, 'trigger', '{}'
     from pg_trigger
     join pg_class on pg_class.oid = pg_trigger.tgrelid
     where pg_class.relnamespace = any($1::text[]::regnamespace[])
       and not pg_trigger.tgisinternal
       and not pg_class.relispartition`,
  );
  return [...constraints, ...others];
}

describe('names', () => {
  it('of constraints, indexes and triggers say table, purpose and kind', async () => {
    const names = await listNames();
    expect(names.length).toBeGreaterThan(250);
    expect(names.filter((named) => !followsItsForm(named))).toEqual([]);
  });

  it('are no longer than PostgreSQL keeps, so that none was cut off', async () => {
    const names = (await listNames()).map(({ name }) => name);
    expect(names.filter((name) => name.length > 62)).toEqual([]);
  });
});

/** Foreign keys that have to do with an index that leads with their first column, and why it is enough. */
const servedByOwner: Record<string, string> = {
  progress_events_module_progress_fkey:
    'events go only with their user, and an index on the whole key is a random page an event',
};

describe('foreign keys', () => {
  // Those whose rows no index finds that is made of the columns that `isServing` accepts.
  const listBare = (isServing: string) =>
    readCatalog<{ name: string }>(
      database.db,
      `select pg_constraint.conname as name
       from pg_constraint
       where pg_constraint.connamespace = any($1::text[]::regnamespace[])
         and pg_constraint.contype = 'f'
         and pg_constraint.conparentid = 0
         and not exists (
           select
           from pg_index
           where pg_index.indrelid = pg_constraint.conrelid
             and pg_index.indisvalid
             -- A row without the reference needs no entry.
             and (
               pg_index.indpred is null
               or pg_get_expr(pg_index.indpred, pg_index.indrelid) ~ '^\\([a-z_]+ IS NOT NULL\\)$'
             )
             and (${isServing})
         )
       order by name`,
    );

  it('all have an index that starts with their columns, or a unique one over some of them', async () => {
    const bare = await listBare(
      `(pg_index.indkey::int2[])[0:cardinality(pg_constraint.conkey) - 1]
         operator(pg_catalog.@>) pg_constraint.conkey
       or pg_index.indisunique and pg_index.indkey::int2[] operator(pg_catalog.<@) pg_constraint.conkey`,
    );
    expect(bare.map(({ name }) => name)).toEqual(Object.keys(servedByOwner));
  });

  it('without one have at least an index that starts with their first column', async () => {
    const bare = await listBare('pg_index.indkey[0] = pg_constraint.conkey[1]');
    expect(bare.filter(({ name }) => name in servedByOwner)).toEqual([]);
  });
});

describe('tables', () => {
  it('hold nothing that means something in one cluster only', async () => {
    const bound = await readCatalog<{ name: string }>(
      database.db,
      `select attrelid::regclass || '.' || attname as name
       from pg_attribute
       join pg_class on pg_class.oid = attrelid
       where relnamespace = any($1::text[]::regnamespace[])
         and relkind = 'r'
         and attnum > 0
         and (
           atttypid::regtype::text ~ '^(x?id8?|xid|cid|tid|oid|pg_lsn|pg_snapshot|txid_snapshot|reg\\w+)(\\[\\])?$'
           or relpersistence <> 'p'
         )
       union all
       -- Replication copies no sequence, so that one has to be derived from a column again.
       select oid::regclass::text
       from pg_class
       where relnamespace = any($1::text[]::regnamespace[])
         and relkind = 'S'
         and not exists (
           select
           from pg_depend
           join pg_trigger on tgrelid = refobjid
           where objid = pg_class.oid
             and deptype in ('a', 'i')
             and tgfoid = 'platform.advance_identity'::regproc
         )`,
    );
    expect(bound).toEqual([]);
  });

  it('all say in a comment what one row is', async () => {
    const silent = await readCatalog(
      database.db,
      `select oid::regclass::text as name
       from pg_class
       where relnamespace = any($1::text[]::regnamespace[])
         and relkind in ('r', 'p', 'v', 'm')
         and not relispartition
         and coalesce(obj_description(oid, 'pg_class'), '') = ''
       order by name`,
    );
    expect(await listTables(database.db)).not.toEqual([]);
    expect(silent).toEqual([]);
  });

  it('hold no number that rounds, apart from coordinates and vectors, which have more digits than a precision', async () => {
    const columns = await readCatalog<{ name: string }>(
      database.db,
      `select table_name || '.' || column_name as name
       from information_schema.columns
       where table_schema = any($1)
         and (
           data_type in ('numeric', 'real', 'double precision', 'money')
           or udt_name in ('_numeric', '_float4', '_float8', '_money')
         )
         and numeric_scale is distinct from 0
       order by name`,
    );
    expect(columns.map(({ name }) => name)).toEqual([
      'packed_bounds.bounds',
      'packed_shares.shares',
      'safety_incidents.latitude',
      'safety_incidents.longitude',
    ]);
  });

  it('keep money in bigint, but for sums that need more', async () => {
    const amounts = await readCatalog<{ name: string; type: string }>(
      database.db,
      `select table_name || '.' || column_name as name, data_type as type
       from information_schema.columns
       where table_schema = any($1)
         and column_name ~ '(^|_)(amount|posted|held|captured|price|salary|tokens_earned|supply|credit)(_|$)'
         and data_type not like 'timestamp%'
         and column_name !~ '_(by|minute)$'
       order by name`,
    );
    expect(amounts.length).toBeGreaterThan(12);
    expect(amounts.filter(({ type }) => type !== 'bigint')).toEqual([
      { name: 'occurrence_sums.amount', type: 'numeric' },
    ]);
  });
});

/** Unique keys of tables with an owner that leave the owner out, and why they may. */
const withoutOwner: Record<string, string> = {
  payment_references_pkey: 'a reference is unique over all users; the table exists for that',
  sealed_ranges_seal_number_place_key: 'the chain of seals is one for all wallets',
};

describe('owner-first keys', () => {
  it('start with user_id where a primary key has it, and contain it everywhere else', async () => {
    const owned = await readCatalog<{ name: string }>(
      database.db,
      `select table_schema || '.' || table_name as name
       from information_schema.columns
       where table_schema = any($1)
         and column_name = 'user_id'`,
    );
    const tables = new Set(owned.map(({ name }) => name));
    const keys = (await listUniqueKeys(database.db)).filter(({ table }) => tables.has(table));
    const astray = keys.filter(({ name, columns }) =>
      name.endsWith('_pkey') ? columns[0] !== 'user_id' : !columns.includes('user_id'),
    );
    expect(keys.length).toBeGreaterThan(15);
    expect(astray.map(({ name }) => name)).toEqual(Object.keys(withoutOwner));
  });
});
