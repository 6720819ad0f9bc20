import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getTableColumns } from 'drizzle-orm';
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core';
import { escapeIdentifier, type PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { toDriver } from '../../src/db/drizzle-version.ts';

const CHUNK_CHARACTERS = 65_536;

/**
 * Writes rows with one COPY and returns how many. Rows are read one by one as the server takes
 * them, so their number does not matter for memory. The first row says which columns are written;
 * the others get the database's defaults. `into` names another table with the same columns.
 */
export async function copyRows<T extends PgTable>(
  client: PoolClient,
  table: T,
  rows: Iterable<T['$inferInsert']>,
  into = qualifiedName(table),
): Promise<number> {
  const iterator = rows[Symbol.iterator]();
  const first = iterator.next();
  if (first.done) return 0;
  const columns = columnsOf(table, first.value);
  const names = columns.map(([, column]) => escapeIdentifier(column.name)).join(', ');
  const stream = client.query(copyFrom(`copy ${into} (${names}) from stdin`));
  await pipeline(Readable.from(toChunks(columns, first.value, iterator)), stream);
  return stream.rowCount;
}

/** `schema.table`, quoted. */
export function qualifiedName(table: PgTable): string {
  const { schema, name } = getTableConfig(table);
  return [schema ?? 'public', name].map((part) => escapeIdentifier(part)).join('.');
}

type KeyedColumn = readonly [key: string, column: PgColumn];
type Row = Record<string, unknown>;

function columnsOf(table: PgTable, row: Row): KeyedColumn[] {
  return Object.entries(getTableColumns(table)).filter(([key]) => row[key] !== undefined);
}

function* toChunks(columns: KeyedColumn[], first: Row, rest: Iterator<Row>): Generator<string> {
  let chunk = toLine(columns, first);
  for (let next = rest.next(); !next.done; next = rest.next()) {
    chunk += toLine(columns, next.value);
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}

function toLine(columns: KeyedColumn[], row: Row): string {
  return `${columns.map(([key, column]) => toField(column, row[key])).join('\t')}\n`;
}

/** A value in COPY's text format, in which a backslash, a tab and a line end have to be escaped. */
function toField(column: PgColumn, value: unknown): string {
  if (value === undefined) throw new TypeError(`${column.name} is missing in a later row`);
  if (value === null) return '\\N';
  const text = toText(toDriver(column, value));
  return /[\\\t\n\r]/.test(text) ? text.replace(/[\\\t\n\r]/g, escapeCharacter) : text;
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return String(value);
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\t':
      return '\\t';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    default:
      return '\\\\';
  }
}
