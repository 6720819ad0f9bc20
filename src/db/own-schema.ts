import { getTableColumns, is, Table } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { InvalidInputError } from '../errors.ts';
import { guarded } from '../input/guarded.ts';
import * as schema from '../schema/index.ts';
import { asRelated, isNext, isOfThisCopy, type Ours, type Related } from './drizzle-version.ts';

type Schema = typeof schema;

/** The tables of this library, as `db.query` has them. */
export type OurTables = {
  readonly [K in keyof Schema as Schema[K] extends PgTable ? K : never]: Schema[K];
};

/** What `connect({ schema })` takes: under the names of our tables nothing but these themselves. */
export type OwnSchema = Record<string, unknown> & {
  readonly [K in keyof OurTables]?: Ours<OurTables[K]>;
};

/** A schema of nothing. */
export type NoSchema = Record<never, never>;

/** The tables of this library and what a service has beside them. */
export type Merged<TSchema extends OwnSchema> = Omit<OurTables, keyof TSchema> & TSchema;

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
  const related = asRelated(value);
  const table = related?.table ?? value;
  if (Object.hasOwn(ourTables, name)) {
    const ours = ourTables[name as keyof OurTables];
    if (value === ours) return false;
    // What `defineRelations()` says of a table has the table's name.
    if (!isNext || table !== ours) {
      throw new InvalidInputError(field, 'has the name of a table of @azora/db: give it another');
    }
  }
  if (!is(table, Table)) return false;
  for (const [part, className] of [[table, 'Table'] as const, ...(related?.made ?? [])]) {
    if (isNext && className === 'Relations') {
      throw new InvalidInputError(field, 'must be made by defineRelations() for Drizzle 1.0');
    }
    if (!isOfThisCopy(part, className)) throw new InvalidInputError(field, ANOTHER_COPY);
  }
  if (!is(table, PgTable)) throw new InvalidInputError(field, 'must be of a table of PostgreSQL');
  if (isNext || related === undefined) refuseTwin(field, name, table);
  if (related !== undefined) refuseColumns(field, table, related);
  return true;
}

/** A row has its columns and what `with` adds beside one another. */
function refuseColumns(field: string, table: PgTable, related: Related): void {
  const columns = getTableColumns(table);
  for (const name of related.names()) {
    if (!Object.hasOwn(columns, name)) continue;
    throw new InvalidInputError(`${field}.${name}`, 'has the name of a column of that table');
  }
}

/** Drizzle's relations find a table by its name in the database, and would find the wrong one. */
function refuseTwin(field: string, as: string, table: PgTable): void {
  const nameOf = (one: PgTable) => {
    const { schema: area = 'public', name } = getTableConfig(one);
    return `${area}.${name}`;
  };
  const name = nameOf(table);
  const [twin] = Object.entries(ourTables).find(([, ours]) => nameOf(ours) === name) ?? [];
  if (twin === undefined || twin === as) return;
  throw new InvalidInputError(
    field,
    `is ${name}, which is "${twin}" of @azora/db/schema: use that, under this name`,
  );
}
