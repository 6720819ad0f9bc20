import { Column, is, SQL, StringChunk, sql } from 'drizzle-orm';
import { PgArray, PgDialect } from 'drizzle-orm/pg-core';
import { InvalidInputError } from '../errors.ts';
import { readJournal } from '../journal.ts';

const OPENING = 'json_build_array(';

/**
 * Drizzle's dialect, but for two things.
 *
 * What `with` adds to a row travels as JSON, whose numbers JavaScript rounds. Here such a column
 * travels as text inside of it, which is what Drizzle's own columns read without `with` as well.
 *
 * Drizzle's `migrate` skips, without a word, what is older than the newest migration in its books.
 * So it may not share them with this library's migrations.
 */
export class ExactDialect extends PgDialect {
  /** @throws InvalidInputError with the field `migrationsTable`, before any work. */
  override async migrate(...args: Parameters<PgDialect['migrate']>): Promise<void> {
    const [migrations, session, config] = args;
    const { migrationsSchema = 'drizzle', migrationsTable = '__drizzle_migrations' } =
      typeof config === 'string' ? {} : config;
    const books = sql`${sql.identifier(migrationsSchema)}.${sql.identifier(migrationsTable)}`;
    const [{ name } = { name: null }] = await session.all<{ name: string | null }>(
      sql`select to_regclass(${this.sqlToQuery(books).sql})::text as name`,
    );
    const recorded =
      name === null
        ? []
        : await session.all<{ when: string }>(sql`select created_at::text as "when" from ${books}`);
    const given = new Set(migrations.map(({ folderMillis }) => folderMillis));
    const ours = new Set(readJournal().map(({ when }) => when));
    if (recorded.some(({ when }) => ours.has(Number(when)) && !given.has(Number(when)))) {
      throw new InvalidInputError(
        'migrationsTable',
        'must be another, as migrationsSchema or both may be: this one has the migrations of ' +
          '@azora/db, and Drizzle skips what is older than the newest of them',
      );
    }
    await super.migrate(...args);
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
  if (is(column, PgArray)) return isRoundedByJson(column.baseColumn as Column);
  return ['PgBigInt64', 'PgNumeric', 'PgNumericBigInt'].includes(column.columnType);
}
