import { createRequire } from 'node:module';
import { createTableRelationsHelpers, getTableColumns, is, Relations, Table } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { InvalidInputError } from '../errors.ts';
import { guarded } from '../input/guarded.ts';
import * as schema from '../schema/index.ts';

type Schema = typeof schema;

/** The tables of this library, as `db.query` has them. */
export type OurTables = {
  readonly [K in keyof Schema as Schema[K] extends PgTable ? K : never]: Schema[K];
};

/** What `connect({ schema })` takes: under the names of our tables nothing but these themselves. */
export type OwnSchema = Record<string, unknown> & Partial<OurTables>;

/** A schema of nothing. */
export type NoSchema = Record<never, never>;

/** The tables of this library and what a service has beside them. */
export type Merged<TSchema extends OwnSchema> = OurTables & TSchema;

export const ourTables = Object.fromEntries(
  Object.entries(schema).filter(([, value]) => is(value, Table)),
) as OurTables;

const ANOTHER_COPY =
  'is of another copy of drizzle-orm than the one that @azora/db uses: let the service have the ' +
  'same version, so that "npm ls drizzle-orm" shows one';

/**
 * The tables of this library, with the tables and relations of a service beside them. What else a
 * schema exports, such as enums and types of its own, is left out.
 *
 * @throws InvalidInputError that names the export, such as `schema.users`.
 */
export function mergeSchema<TSchema extends OwnSchema>(given: TSchema): Merged<TSchema> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidInputError('schema', 'must be an object of tables and relations');
  }
  const exported = guarded('schema', () => Object.entries(given));
  const own = exported.filter(([name, value]) => {
    const field = `schema.${name}`;
    return guarded(field, () => isPart(field, name, value));
  });
  return { ...ourTables, ...Object.fromEntries(own) } as Merged<TSchema>;
}

/** Whether it is something for `db.query`, and not one of ours already. */
function isPart(field: string, name: string, value: unknown): boolean {
  if (Object.hasOwn(ourTables, name)) {
    if (value === ourTables[name as keyof OurTables]) return false;
    throw new InvalidInputError(field, 'has the name of a table of @azora/db: give it another');
  }
  const isTable = is(value, Table);
  if (!isTable && !is(value, Relations)) return false;
  requireOneCopy(field, value, isTable ? 'Table' : 'Relations');
  if (!isTable) requireOneCopy(field, value.table, 'Table');
  const table = isTable ? value : value.table;
  if (!is(table, PgTable)) throw new InvalidInputError(field, 'must be of a table of PostgreSQL');
  if (isTable) refuseTwin(field, table);
  else refuseColumns(field, value);
  return true;
}

/** A row has its columns and what `with` adds under one another. */
function refuseColumns(field: string, { table, config }: Relations): void {
  const columns = getTableColumns(table);
  for (const name of Object.keys(config(createTableRelationsHelpers(table)))) {
    if (!Object.hasOwn(columns, name)) continue;
    throw new InvalidInputError(`${field}.${name}`, 'has the name of a column of that table');
  }
}

/** Drizzle's relations find a table by its name in the database, and would find the wrong one. */
function refuseTwin(field: string, table: PgTable): void {
  const nameOf = (one: PgTable) => {
    const { schema: area = 'public', name } = getTableConfig(one);
    return `${area}.${name}`;
  };
  const name = nameOf(table);
  const twin = Object.entries(ourTables).find(([, ours]) => nameOf(ours) === name);
  if (twin === undefined) return;
  throw new InvalidInputError(
    field,
    `is ${name}, which is "${twin[0]}" of @azora/db/schema: use that, under this name`,
  );
}

/**
 * What another copy made has other classes, and symbols that only look the same. A copy that was
 * loaded by `require()` from the same files does as well: it is of the same version.
 */
function requireOneCopy(field: string, value: unknown, name: 'Table' | 'Relations'): void {
  const isOf = (drizzle: { Table: { prototype: unknown }; Relations: { prototype: unknown } }) =>
    Object.prototype.isPrototypeOf.call(drizzle[name].prototype as object, value as object);
  if (isOf({ Table, Relations }) || isOf(required())) return;
  throw new InvalidInputError(field, ANOTHER_COPY);
}

function required(): { Table: typeof Table; Relations: typeof Relations } {
  try {
    return createRequire(import.meta.url)('drizzle-orm');
  } catch {
    // A bundle that holds its one copy.
    return { Table, Relations };
  }
}
