import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { createTestDatabase, startTestServer } from '../src/testing/index.ts';

interface Finding {
  name: string;
  table: string | null;
  line: number | null;
  level: string;
  message: string;
  detail: string | null;
  hint: string | null;
  query: string | null;
}

/**
 * Every PL/pgSQL function that is ours, once: a trigger function for each table that it serves,
 * with the transition tables of all its triggers there, because one that serves an update and an
 * insert looks into either only when it is there.
 */
const findings = `
  with functions as (
    select
      p.oid,
      t.tgrelid as table_id,
      max(t.tgoldtable) as old_table,
      max(t.tgnewtable) as new_table
    from pg_proc p
    join pg_language l on l.oid = p.prolang
    left join pg_trigger t on t.tgfoid = p.oid and t.tgparentid = 0
    where l.lanname = 'plpgsql'
      and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    group by p.oid, t.tgrelid
  )
  select
    functions.oid::regprocedure::text as name,
    functions.table_id::regclass::text as "table",
    found.lineno as line,
    found.level,
    found.message,
    found.detail,
    found.hint,
    found.query
  from functions
  left join lateral plpgsql_check.plpgsql_check_function_tb(
    functions.oid,
    coalesce(functions.table_id, 0::oid),
    fatal_errors => false,
    oldtable => functions.old_table,
    newtable => functions.new_table
  ) as found on true
  order by name, "table", line
`;

/** What `create extension` would do, if the server's own folder had the extension in it. */
async function installChecker(pool: Pool, library: string, script: string): Promise<void> {
  const statements = readFileSync(script, 'utf8')
    .replace(/^\\echo.*$/m, '')
    .replaceAll('MODULE_PATHNAME', library)
    .replaceAll('@extschema@', 'plpgsql_check');
  await pool.query(
    `create schema plpgsql_check;
     set local search_path = plpgsql_check;
     load 'plpgsql';
     ${statements}`,
  );
}

function describe(finding: Finding): string {
  const { name, table, line, level, message } = finding;
  const where = [name, table === null ? '' : ` on ${table}`, line === null ? '' : `, line ${line}`];
  const more = [finding.detail, finding.hint, finding.query].filter((text) => text !== null);
  return [`${level}: ${where.join('')}: ${message}`, ...more.map((text) => `  ${text}`)].join('\n');
}

// For .ci/plpgsql-check: the library and the script of the extension, built for PostgreSQL 15.
const [library, script] = process.argv.slice(2);
if (library === undefined || script === undefined)
  throw new Error('name the library and the script');
const server = await startTestServer({ database: 'embedded', major: 15 });
try {
  const { db, drop } = await createTestDatabase({ serverUrl: server.url, max: 1 });
  await installChecker(db.$client, library, script);
  // So that a name without a schema shows, which a session with another path would not find.
  await db.$client.query('set search_path = nowhere');
  const { rows } = await db.$client.query<Finding>(findings);
  const found = rows.filter(({ level }) => level !== null);
  for (const finding of found) console.log(describe(finding));
  const functions = new Set(rows.map(({ name }) => name)).size;
  console.log(`${server.description}: ${functions} functions, ${found.length} findings`);
  if (functions === 0 || found.length > 0) process.exitCode = 1;
  await drop();
} finally {
  await server.stop();
}
