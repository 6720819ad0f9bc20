import pg from 'pg';

// drizzle-kit reads the columns of keys without an order, so on some servers a key comes back with
// its columns swapped, and `push` then wants to drop and add it, asking whether to empty the table
// first.
const KEY_COLUMNS = /join\s+information_schema\.constraint_column_usage\s+as\s+ccu[^;]*(?=;)/i;

const IN_KEY_ORDER = `
  order by constraint_name, (
    select array_position(k.conkey, c.ordinal_position::int2)
    from pg_catalog.pg_constraint k
    where k.conname = constraint_name
      and k.conrelid = format('%I.%I', tc.table_schema, tc.table_name)::regclass
  )`;

type Query = (this: pg.Client, config: unknown, ...rest: unknown[]) => unknown;

/**
 * Makes drizzle-kit read keys in the order of their columns. For its own process:
 * `drizzle.config.ts` calls it.
 */
export function orderKeyColumns(): void {
  const prototype = pg.Client.prototype as { query: Query };
  const query = prototype.query;
  prototype.query = function (config, ...rest) {
    return query.call(this, orderQuery(config), ...rest);
  };
}

function orderQuery(config: unknown): unknown {
  if (typeof config === 'string') return order(config);
  if (typeof config !== 'object' || config === null || !('text' in config)) return config;
  return typeof config.text === 'string'
    ? Object.assign(config, { text: order(config.text) })
    : config;
}

function order(text: string): string {
  return text.replace(KEY_COLUMNS, (found) => `${found}${IN_KEY_ORDER}`);
}
