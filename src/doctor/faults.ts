import { readOurs } from '../books.ts';
import { type Db, executorOf } from '../db/session.ts';
import { statement } from '../db/statement.ts';
import { PermissionError } from '../errors.ts';
import { readMigrations } from '../migrate/migration-files.ts';
import { planMigrations } from '../migrate/plan.ts';
import type { Finding } from '../queries/finding.ts';

const selectObjectFaults = statement<Finding, readonly []>(
  'select_object_faults',
  `with our_tables as (
     select oid, oid::regclass::text as name
     from pg_class
     where relnamespace::regnamespace::text in (
       'identity', 'education', 'finance', 'marketplace', 'ai', 'platform'
     )
   )
   select
     'TRIGGER_DISABLED' as kind,
     json_build_object('table', name, 'trigger', tgname) as keys,
     null as field,
     'enabled' as expected,
     'disabled' as actual
   from pg_trigger
   join our_tables on our_tables.oid = tgrelid
   where tgenabled not in ('O', 'A')
   union all
   select
     'INDEX_INVALID', json_build_object('table', name, 'index', indexrelid::regclass::text),
     null, 'valid', 'invalid'
   from pg_index
   join our_tables on our_tables.oid = indrelid
   where not indisvalid
   union all
   select
     'SEQUENCE_BEHIND',
     json_build_object('sequence', sequence_name, 'table', table_name, 'column', column_name),
     'next value', 'above ' || greatest_value, next_value::text
   from platform.lagging_sequences()`,
);

/** Migrations of this package that the database lacks, or has in another form. */
export async function findMigrationFaults(db: Db): Promise<Finding[]> {
  const applied = await readOurs((text) => executorOf(db).query(text));
  const { pending, late, edited, deleted } = planMigrations(readMigrations(), applied);
  const fault = (kind: string, migration: string, expected: string | null) => ({
    kind,
    keys: { migration },
    field: null,
    expected,
    actual: null,
  });
  return [
    ...[...late, ...pending].map(({ tag }) => fault('MIGRATION_MISSING', tag, 'applied')),
    ...edited.map(({ tag }) => fault('MIGRATION_EDITED', tag, 'the text of this package')),
    ...deleted.map(({ when }) => fault('MIGRATION_UNKNOWN', String(when), null)),
  ];
}

const selectHiddenSequences = statement<{ name: string }, readonly []>(
  'select_hidden_sequences',
  `select seqrelid::regclass::text as name
   from pg_sequence
   join pg_class on pg_class.oid = seqrelid
   where relnamespace::regnamespace::text in (
       'identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'azora_db'
     )
     and not has_sequence_privilege(seqrelid, 'select')
   order by name`,
);

/**
 * What a restore that was broken off, or a move, leaves behind in the catalog.
 *
 * @throws PermissionError where the role may not see how far a sequence is: the server says
 *   nothing then, and each would look as if it had never begun.
 */
export async function findObjectFaults(db: Db): Promise<Finding[]> {
  const [hidden] = await selectHiddenSequences(db);
  if (hidden === undefined) return selectObjectFaults(db);
  throw new PermissionError(`permission denied for sequence ${hidden.name}`, { sqlState: '42501' });
}
