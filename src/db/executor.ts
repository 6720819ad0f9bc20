import type { QueryConfig, QueryResult } from 'pg';

/** What runs statements for a database or a transaction. It rejects with this library's errors. */
export interface Executor {
  query(config: QueryConfig | string, values?: unknown[]): Promise<QueryResult>;
}
