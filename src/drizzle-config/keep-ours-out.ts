import Module from 'node:module';
import { isAbsolute } from 'node:path';
import { is } from 'drizzle-orm';
import {
  getMaterializedViewConfig,
  getTableConfig,
  getViewConfig,
  isPgEnum,
  isPgMaterializedView,
  isPgSequence,
  isPgView,
  PgPolicy,
  PgSchema,
  PgTable,
} from 'drizzle-orm/pg-core';
import { InvalidInputError } from '../errors.ts';
import * as ours from '../schema/index.ts';
import { failingKit } from '../schema/kit-guard.ts';
import { serviceSchemas } from '../schema/schemas.ts';

/** What drizzle-kit finds among the exports of a schema file, as far as it lies in a schema. */
interface Found {
  readonly kind: string;
  readonly schema: string;
  readonly name: string;
}

type Require = (this: NodeJS.Module, id: string) => unknown;

/**
 * Hides the objects of this library from drizzle-kit in the schema files that it reads, so that a
 * service may re-export them, as for `db.query`. For drizzle-kit's own process. `schemaFilter`
 * hides tables from its `push` and nothing from its `generate`.
 */
export function keepOursOut(schemaFilter: readonly string[]): void {
  const prototype = Module.prototype as unknown as { require: Require };
  const load = prototype.require;
  prototype.require = function (id) {
    const loaded = load.call(this, id);
    const isSchemaFile = /[\\/]drizzle-kit[\\/]bin\.cjs$/.test(this.filename) && isAbsolute(id);
    return isSchemaFile ? failingKit(() => withoutOurs(loaded, schemaFilter)) : loaded;
  };
}

/**
 * The exports of a schema file without those that are this library's.
 *
 * @throws InvalidInputError for an object that drizzle-kit would put into a schema of this library,
 * or that its `push` would pass over in silence.
 */
export function withoutOurs(exports: unknown, schemaFilter: readonly string[]): unknown {
  if (typeof exports !== 'object' || exports === null) return exports;
  return Object.fromEntries(
    Object.entries(exports).filter(([, value]) => isOwn(value, schemaFilter)),
  );
}

const ourSchemas: readonly string[] = serviceSchemas;

const describe = ({ kind, schema, name }: Found) => `${kind} ${schema}.${name}`;

const known = new Set(
  Object.values(ours)
    .map(find)
    .filter((found) => found !== undefined)
    .map(describe),
);

function isOwn(value: unknown, schemaFilter: readonly string[]): boolean {
  const found = find(value);
  if (found === undefined || schemaFilter.includes(found.schema)) return true;
  if (known.has(describe(found))) return false;
  if (ourSchemas.includes(found.schema)) {
    const rule = `must not put ${describe(found)} into a schema of @azora/db`;
    throw new InvalidInputError('schema', rule);
  }
  if (found.kind === 'schema') return true;
  const rule = `must name the schema of ${describe(found)}, which push would pass over`;
  throw new InvalidInputError('schemaFilter', rule);
}

function find(value: unknown): Found | undefined {
  const as = (kind: string, schema: string | undefined, name: string | undefined): Found => ({
    kind,
    schema: schema ?? 'public',
    name: name ?? '',
  });
  if (isPgEnum(value)) return as('enum', value.schema, value.enumName);
  if (is(value, PgTable)) return asTable('table', value);
  if (is(value, PgSchema)) return as('schema', value.schemaName, value.schemaName);
  if (isPgSequence(value)) return as('sequence', value.schema, value.seqName);
  if (isPgView(value)) {
    const { schema, name } = getViewConfig(value);
    return as('view', schema, name);
  }
  if (isPgMaterializedView(value)) {
    const { schema, name } = getMaterializedViewConfig(value);
    return as('view', schema, name);
  }
  // A policy that is linked to a table is made for that.
  const table = is(value, PgPolicy) && (value as { _linkedTable?: PgTable })._linkedTable;
  return table ? asTable('policy on table', table) : undefined;
}

function asTable(kind: string, table: PgTable): Found {
  const { schema = 'public', name } = getTableConfig(table);
  return { kind, schema, name };
}
