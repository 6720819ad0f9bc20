import type { PoolClient } from 'pg';
import { withClient } from './client.ts';
import { withDeployLock } from './deploy-lock.ts';
import { deployLock } from './migrate.ts';
import { readMigrations } from './migration-files.ts';

const SCHEMAS = ['identity', 'education', 'finance', 'marketplace', 'ai', 'platform', 'drizzle'];

/**
 * Drops everything that the migrations made, with all rows, in one transaction. What else is in the
 * database stays, but for what depends on our tables: foreign keys and views of others go with them.
 * Needs no more than the owner of the database may do.
 */
export async function dropAll(options: { url: string }): Promise<void> {
  await withClient(options.url, (client) =>
    withDeployLock(client, deployLock({}), async () => {
      await client.query('begin');
      // Somebody's open transaction is to be named, not waited for without an end.
      await client.query(`set local lock_timeout = '10s'`);
      await client.query(`drop schema if exists ${SCHEMAS.join(', ')} cascade`);
      await dropPublicFunctions(client);
      await client.query('commit');
    }),
  );
}

// `public` is shared with others, so of its functions only those go that a migration creates.
async function dropPublicFunctions(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ identity: string }>(
    `
      select p.oid::regprocedure::text as identity
      from pg_proc p
      where p.pronamespace = 'public'::regnamespace
        and p.proname = any ($1)
      order by p.oid
    `,
    [listPublicFunctions()],
  );
  for (const { identity } of rows)
    await client.query(`drop function if exists ${identity} cascade`);
}

function listPublicFunctions(): string[] {
  return readMigrations()
    .flatMap((migration) => migration.statements)
    .flatMap((statement) => [...statement.matchAll(/create or replace function public\.(\w+)/gi)])
    .map(([, name]) => name ?? '');
}
