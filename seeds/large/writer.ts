import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type { PoolClient } from 'pg';
import { copyRows, qualifiedName } from './copy.ts';
import { BLOCK } from './plan.ts';

/** Rows written, by `schema.table`. */
export type SeedCounts = Record<string, number>;

/** What the areas write through: the transaction's connection, the counts, and the progress. */
export class Writer {
  readonly client: PoolClient;
  readonly counts: SeedCounts = {};
  readonly #advance: (steps: number) => void;

  constructor(client: PoolClient, advance: (steps: number) => void) {
    this.client = client;
    this.#advance = advance;
  }

  /** Returns how many rows there were. */
  async copy<T extends PgTable>(table: T, rows: Iterable<T['$inferInsert']>): Promise<number> {
    const count = await copyRows(this.client, table, rows);
    this.count(table, count);
    return count;
  }

  count(table: PgTable, rows: number): void {
    const { schema, name } = getTableConfig(table);
    const key = `${schema}.${name}`;
    this.counts[key] = (this.counts[key] ?? 0) + rows;
  }

  /**
   * Calls `write` for one block of numbers after another, and reports each as that many steps. It
   * keeps the planner's view of the tables that `write` fills up to date: else it would take them
   * for empty, and foreign-key checks would walk through an unselective index for every row.
   */
  async inBlocks(
    size: number,
    tables: readonly PgTable[],
    write: (from: number, to: number) => Promise<void>,
  ): Promise<void> {
    for (let from = 0, blocks = 1; from < size; from += BLOCK, blocks += 1) {
      const to = Math.min(from + BLOCK, size);
      await write(from, to);
      // After 1, 2, 4, 8, ... blocks, and the last.
      if ((blocks & (blocks - 1)) === 0 || to === size) await this.analyze(tables);
      this.#advance(to - from);
    }
  }

  /** Checks what is deferred now, because the server remembers it in memory until the commit. */
  async settle(): Promise<void> {
    await this.client.query('set constraints all immediate; set constraints all deferred');
  }

  async analyze(tables: readonly PgTable[]): Promise<void> {
    await this.client.query(`analyze ${tables.map(qualifiedName).join(', ')}`);
  }
}

export function* range(from: number, to: number): Generator<number> {
  for (let index = from; index < to; index += 1) yield index;
}
