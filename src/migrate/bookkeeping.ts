import type { PoolClient } from 'pg';
import type { Migration } from './migration-files.ts';

/** A row of `drizzle.__drizzle_migrations`. */
export interface AppliedRow {
  readonly hash: string;
  /** The journal's `when` of the migration. */
  readonly when: number;
}

const UNDEFINED_TABLE = '42P01';

/** Creates the table exactly as drizzle-kit does, so that either tool can go on after the other. */
export async function ensureBookkeeping(client: PoolClient): Promise<void> {
  // Asked first, because `create schema if not exists` wants a privilege even when it does nothing.
  const { rows } = await client.query<{ found: boolean }>(
    `select to_regclass('drizzle.__drizzle_migrations') is not null as found`,
  );
  if (rows[0]?.found) {
    await advanceIds(client);
    return;
  }
  await client.query(`
    create schema if not exists drizzle;
    create table if not exists drizzle.__drizzle_migrations (
      id serial primary key,
      hash text not null,
      created_at bigint
    )
  `);
}

/** Logical replication copies the rows and not the sequence, and then no id of it is free. */
async function advanceIds(client: PoolClient): Promise<void> {
  await client.query(`
    select setval(pg_get_serial_sequence('drizzle.__drizzle_migrations', 'id'), max(id))
    from drizzle.__drizzle_migrations
    having max(id) > coalesce(
      pg_sequence_last_value(pg_get_serial_sequence('drizzle.__drizzle_migrations', 'id')), 0
    )
  `);
}

/** What is recorded as applied, oldest first; empty when nothing ever was. */
export async function readApplied(client: PoolClient): Promise<AppliedRow[]> {
  try {
    const { rows } = await client.query<{ hash: string; created_at: bigint }>(`
      select hash, created_at
      from drizzle.__drizzle_migrations
      where created_at is not null
      order by created_at, id
    `);
    return rows.map((row) => ({ hash: row.hash, when: Number(row.created_at) }));
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}

/** Records a migration as applied, in the transaction that the client is in. */
export async function recordApplied(client: PoolClient, migration: Migration): Promise<void> {
  await client.query(
    'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
    [migration.hash, migration.when],
  );
}
