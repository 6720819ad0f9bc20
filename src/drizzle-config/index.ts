import './mark-guarded.ts';
import { BOOKS } from '../books.ts';
import { InvalidInputError } from '../errors.ts';
import { kitCredentials } from '../migrate/drizzle-kit.ts';
import { orderKeyColumns } from '../migrate/kit-introspection.ts';
import { requireObject } from '../require-object.ts';
import { serviceSchemas } from '../schema/schemas.ts';
import { keepOursOut } from './keep-ours-out.ts';

/** What a service says of its own tables; the names and their meaning are those of drizzle-kit. */
export interface ServiceConfigOptions {
  /** The files of the service's own tables: paths or patterns. They may re-export ours. */
  readonly schema: string | string[];
  /** The folder of its migrations. Default `./drizzle`. */
  readonly out?: string | undefined;
  /**
   * The PostgreSQL schemas that are the service's alone, default `public`: `push` drops what the
   * files do not have there. So services that share a database each need one of their own.
   */
  readonly schemaFilter?: string | string[] | undefined;
  /** Which tables of these schemas count, as patterns: `['shop_*', '!shop_old']`. Default all. */
  readonly tablesFilter?: string | string[] | undefined;
  /** The database. Default `process.env.DATABASE_URL`. */
  readonly url?: string | undefined;
  /**
   * Where drizzle-kit's `migrate` keeps its books. Default `drizzle.__drizzle_migrations`, where
   * `migrate({ migrationsFolder })` of this library keeps those of a service too. Services that
   * share a database each need a table of their own.
   */
  readonly migrations?: ServiceBooks | undefined;
  /** How columns are named that the files leave without a name. Default: as their keys. */
  readonly casing?: 'snake_case' | 'camelCase' | undefined;
  /** Whether migrations have `--> statement-breakpoint` between statements. */
  readonly breakpoints?: boolean | undefined;
  /** Whether `push` asks before it changes anything. */
  readonly strict?: boolean | undefined;
  /** Whether `push` prints the statements. */
  readonly verbose?: boolean | undefined;
}

/** Where drizzle-kit notes which migrations of a service are applied. */
export interface ServiceBooks {
  /** The table of the books. Default `__drizzle_migrations`. */
  readonly table?: string;
  /**
   * The PostgreSQL schema of the books. Default `drizzle`; none of ours, and none of
   * `schemaFilter`.
   */
  readonly schema?: string;
  /** How the names of new migrations begin. Default `index`. */
  readonly prefix?: 'index' | 'timestamp' | 'supabase' | 'unix' | 'none';
}

const known: Record<keyof ServiceConfigOptions, true> = {
  schema: true,
  out: true,
  schemaFilter: true,
  tablesFilter: true,
  url: true,
  migrations: true,
  casing: true,
  breakpoints: true,
  strict: true,
  verbose: true,
};

/**
 * The configuration by which drizzle-kit works on the tables of a service and never on ours, for
 * `export default` in its `drizzle.config.ts`: `push`, `generate`, `migrate`, `check` and `export`
 * see nothing of our schemas, also where the service's files re-export `@azora/db/schema`. Foreign
 * keys to our tables work. Ours have to be there before, by `azora-db migrate`.
 *
 * It changes how this process loads modules and how `pg` sends drizzle-kit's own questions, so it
 * is for the configuration file alone.
 *
 * @throws InvalidInputError for an option that is unknown or would lead drizzle-kit to our schemas;
 * when drizzle-kit reads the files, for a table that one of them puts there.
 */
export function defineServiceConfig(options: ServiceConfigOptions) {
  requireObject('options', options);
  for (const name of Object.keys(options)) {
    if (!(name in known)) throw new InvalidInputError(name, 'is not an option of a service');
  }
  const { url, schemaFilter = 'public', migrations = {}, ...rest } = options;
  if (!rest.schema || rest.schema.length === 0) {
    throw new InvalidInputError('schema', 'must name the files of your tables');
  }
  const schemas = [schemaFilter].flat();
  checkSchemas(schemas);
  checkBooks(migrations, schemas);
  keepOursOut(schemas);
  orderKeyColumns();
  return {
    out: './drizzle',
    ...rest,
    dialect: 'postgresql' as const,
    schemaFilter: schemas,
    migrations,
    dbCredentials: kitCredentials(url ?? process.env.DATABASE_URL),
  };
}

const reserved: readonly string[] = [...serviceSchemas, BOOKS.schema];

function checkSchemas(schemas: readonly string[]): void {
  if (schemas.length === 0) {
    throw new InvalidInputError('schemaFilter', 'must name a schema of yours');
  }
  const taken = schemas.find((schema) => [...reserved, 'drizzle'].includes(schema));
  if (taken === undefined) return;
  throw new InvalidInputError(
    'schemaFilter',
    `must name schemas of yours alone: push would drop what is in ${taken}`,
  );
}

function checkBooks({ schema = 'drizzle' }: ServiceBooks, schemas: readonly string[]): void {
  if (reserved.includes(schema)) {
    throw new InvalidInputError('migrations.schema', 'must not be a schema of @azora/db');
  }
  if (schemas.includes(schema)) {
    throw new InvalidInputError(
      'migrations.schema',
      'must not be in schemaFilter: push would drop the books, as a table that no file has',
    );
  }
}
