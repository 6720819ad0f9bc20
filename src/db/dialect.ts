import { Column, is, SQL, StringChunk, sql } from 'drizzle-orm';
import { type PgArray, PgDialect } from 'drizzle-orm/pg-core';
import { BOOKS, DRIZZLE_BOOKS, isOurs, OUR_BOOKS } from '../books.ts';
import { InvalidInputError } from '../errors.ts';
import { dialectOptions } from './drizzle-version.ts';

const OPENING = 'json_build_array(';

const SHARED =
  'must be another, as migrationsSchema or both may be: this one has the migrations of ' +
  '@azora/db, and Drizzle skips what is older than the newest of them. `azora-db migrate` moves ' +
  `them from ${DRIZZLE_BOOKS} to ${OUR_BOOKS}, which is theirs alone`;

type MigrateArgs = Parameters<PgDialect['migrate']>;

/**
 * Drizzle's dialect, but for two things.
 *
 * What `with` adds to a row travels as JSON, whose numbers JavaScript rounds. Here such a column
 * travels as text inside of it, which is what Drizzle's own columns read without `with` as well.
 *
 * Drizzle's `migrate` skips, without a word, what is older than the newest migration in its books.
 * So it may not share them with this library's migrations, which it records in theirs.
 *
 * Drizzle 1.0 does neither, and calls neither method.
 */
export class ExactDialect extends PgDialect {
  constructor() {
    super(dialectOptions());
  }

  /** @throws InvalidInputError with the field `migrationsTable`, before any work. */
  override async migrate(...[migrations, session, given]: MigrateArgs): Promise<void> {
    const config = typeof given === 'string' ? { migrationsFolder: given } : given;
    const { migrationsSchema = 'drizzle', migrationsTable = '__drizzle_migrations' } = config;
    const books = sql`${sql.identifier(migrationsSchema)}.${sql.identifier(migrationsTable)}`;
    const name = this.sqlToQuery(books).sql.replaceAll('"', '');
    const [{ found } = { found: false }] = await session.all<{ found: boolean }>(
      sql`select to_regclass(${this.sqlToQuery(books).sql}) is not null as found`,
    );
    const rows = found
      ? await session.all<{ hash: string; when: string }>(
          sql`select hash, created_at::text as "when" from ${books} where created_at is not null`,
        )
      : [];
    const recorded = rows.map(({ hash, when }) => ({ hash, when: Number(when) })).filter(isOurs);
    const whens = new Set(migrations.map(({ folderMillis }) => folderMillis));
    const areOurs = migrations.every(({ hash, folderMillis: when }) => isOurs({ hash, when }));
    if (recorded.some(({ when }) => !whens.has(when)) || (name === OUR_BOOKS && !areOurs)) {
      throw new InvalidInputError('migrationsTable', SHARED);
    }
    const isDefault = name === DRIZZLE_BOOKS && recorded.length === 0;
    const own = { migrationsSchema: BOOKS.schema, migrationsTable: BOOKS.table };
    const chosen = areOurs && isDefault && migrations.length > 0 ? { ...config, ...own } : config;
    await super.migrate(migrations, session, chosen);
  }

  override buildRelationalQueryWithoutPK(
    config: Parameters<PgDialect['buildRelationalQueryWithoutPK']>[0],
  ): ReturnType<PgDialect['buildRelationalQueryWithoutPK']> {
    const built = super.buildRelationalQueryWithoutPK(config);
    if (config.nestedQueryRelation !== undefined && !castInJson(built.sql as SQL)) {
      throw new TypeError('this release of Drizzle builds relational queries in another way');
    }
    return built;
  }
}

/** The first array of JSON in it is what the query selects; those of its own relations are cast. */
function castInJson({ queryChunks }: SQL): boolean {
  for (const [index, chunk] of queryChunks.entries()) {
    if (is(chunk, StringChunk) && chunk.value[0] === OPENING) {
      const fields = (queryChunks[index + 1] as SQL).queryChunks;
      for (const [place, field] of fields.entries()) {
        if (is(field, Column) && isRoundedByJson(field)) fields[place] = sql`${field}::text`;
      }
      return true;
    }
    if (is(chunk, SQL) && castInJson(chunk)) return true;
  }
  return false;
}

function isRoundedByJson(column: Column): boolean {
  if (column.columnType === 'PgArray') {
    return isRoundedByJson((column as PgArray<never, never>).baseColumn as Column);
  }
  return ['PgBigInt64', 'PgNumeric', 'PgNumericBigInt'].includes(column.columnType);
}
