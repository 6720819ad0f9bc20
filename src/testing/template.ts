import type { Client } from 'pg';
import { OUR_BOOKS } from '../books.ts';
import { migrate } from '../migrate/index.ts';
import { type Migration, readMigrations } from '../migrate/migration-files.ts';
import { withAdmin, withDatabase, withoutOptions } from './admin.ts';
import { withBuildLock } from './build-lock.ts';
import { createEmptyDatabase } from './empty-database.ts';
import { buildingName, TEMPLATE_PREFIX, templateName } from './names.ts';
import { applyServiceMigrations, type ServiceMigrations } from './service-migrations.ts';

const TOUCH_AFTER = '1 hour';
const STALE_AFTER = '1 day';

/** What a template is made of. */
export interface TemplateContents {
  /** Default: the migrations of this package. */
  readonly migrationsFolder?: string | undefined;
  /** A service's own, which come after them. */
  readonly also?: ServiceMigrations | undefined;
}

/**
 * The database that holds the migrations' outcome and nothing else, built if it is not there, and
 * its name. The name is a hash of the migrations, so that a changed migration is another template.
 * One with a service's migrations is a clone of that without, so that a change of the service's
 * applies only those again.
 *
 * It is built under another name and renamed once it is complete: a template that a killed run left
 * half-built is never cloned, and the next run builds it anew. An advisory lock lets one process
 * build while the others wait.
 */
export async function ensureTemplate(
  serverUrl: string,
  contents: TemplateContents = {},
): Promise<string> {
  const own = keysOf(readMigrations(contents.migrationsFolder));
  const { also } = contents;
  const template = templateName(
    // The books as well: an older release would have recorded the same migrations elsewhere.
    JSON.stringify([OUR_BOOKS, own, ...(also === undefined ? [] : [keysOf(also.migrations)])]),
  );
  await withAdmin(serverUrl, async (admin) => {
    if ((await readAge(admin, template)) === 'fresh') return;
    await withBuildLock(admin, template, async () => {
      if ((await readAge(admin, template)) === 'missing') {
        await build(admin, serverUrl, template, contents);
      }
      await touch(admin, template);
    });
  });
  return template;
}

/**
 * Drops the templates that no run has used for a day: those of migrations that have changed since.
 */
export async function dropStaleTemplates(serverUrl: string): Promise<string[]> {
  return withAdmin(serverUrl, async (admin) => {
    const dropped: string[] = [];
    for (const name of await listStale(admin)) {
      await withBuildLock(admin, name.replace(/_building$/, ''), async () => {
        // A run may have come back to it while we waited for the lock.
        if (!(await listStale(admin)).includes(name)) return;
        await drop(admin, name);
        dropped.push(name);
      });
    }
    return dropped;
  });
}

async function listStale(admin: Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `select datname as name
     from pg_database
     where starts_with(datname, $1)
       and coalesce(shobj_description(oid, 'pg_database'), '-infinity')::timestamptz
         < now() - $2::interval
     order by datname`,
    [TEMPLATE_PREFIX, STALE_AFTER],
  );
  return rows.map(({ name }) => name);
}

async function build(
  admin: Client,
  serverUrl: string,
  template: string,
  { migrationsFolder, also }: TemplateContents,
): Promise<void> {
  const building = buildingName(template);
  const url = withDatabase(serverUrl, building);
  await drop(admin, building);
  if (also === undefined) {
    await createEmptyDatabase(admin, building);
    await touch(admin, building);
    await migrate({ url: withoutOptions(url), migrationsFolder });
  } else {
    const base = await ensureTemplate(serverUrl, { migrationsFolder });
    await admin.query(`create database ${building} template ${base} strategy file_copy`);
    await touch(admin, building);
    await applyServiceMigrations(url, also);
  }
  await admin.query(`alter database ${building} with allow_connections false is_template true`);
  await admin.query(`alter database ${building} rename to ${template}`);
}

function keysOf(migrations: readonly Migration[]) {
  return migrations.map(({ tag, when, hash }) => [tag, when, hash]);
}

async function drop(admin: Client, name: string): Promise<void> {
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 0) return;
  await admin.query(`alter database ${name} with is_template false`);
  await admin.query(`drop database if exists ${name} with (force)`);
}

/**
 * Notes on the database itself when it was last used; `now()` of the server, whose clock decides.
 */
async function touch(admin: Client, name: string): Promise<void> {
  const { rows } = await admin.query<{ now: string }>('select now()::text as now');
  await admin.query(`comment on database ${name} is '${rows[0]?.now}'`);
}

async function readAge(admin: Client, template: string): Promise<'missing' | 'used' | 'fresh'> {
  const { rows } = await admin.query<{ fresh: boolean }>(
    `select coalesce(shobj_description(oid, 'pg_database'), '-infinity')::timestamptz
         > now() - $2::interval as fresh
     from pg_database
     where datname = $1`,
    [template, TOUCH_AFTER],
  );
  if (!rows[0]) return 'missing';
  return rows[0].fresh ? 'fresh' : 'used';
}
