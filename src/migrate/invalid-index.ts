import { escapeIdentifier, type PoolClient } from 'pg';
import { splitStatements } from '../db/sql-text.ts';

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\w$]+)`;
const CREATE_CONCURRENTLY = new RegExp(
  String.raw`create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(${NAME})` +
    String.raw`\s+on\s+(?:only\s+)?((?:${NAME}\s*\.\s*)?${NAME})`,
  'i',
);

/**
 * Drops the index that a `create index concurrently` statement is about to make, if an earlier try
 * left it INVALID: it would be written to and never read, and `if not exists` would keep it so.
 * Does nothing for any other statement, and never drops a valid index.
 */
export async function dropInvalidIndex(client: PoolClient, statement: string): Promise<void> {
  const match = CREATE_CONCURRENTLY.exec(splitStatements(statement).join(';'));
  const [, index, table] = match ?? [];
  if (index === undefined || table === undefined) return;
  const { rows } = await client.query<{ schema: string; name: string }>(
    `
      select n.nspname as schema, c.relname as name
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = to_regclass($1)
        and c.relname = $2
        and not i.indisvalid
    `,
    [table, unquote(index)],
  );
  for (const { schema, name } of rows) {
    const qualified = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
    await client.query(`drop index concurrently if exists ${qualified}`);
  }
}

function unquote(identifier: string): string {
  return identifier.startsWith('"')
    ? identifier.slice(1, -1).replaceAll('""', '"')
    : identifier.toLowerCase();
}
