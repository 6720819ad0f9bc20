import type { Client } from 'pg';

/**
 * An empty database that sorts text and folds case alike on every server, whatever its own default:
 * with PostgreSQL's own C.UTF-8, or before 17 with the operating system's.
 */
export async function createEmptyDatabase(admin: Client, name: string): Promise<void> {
  const version = await serverVersionNumber(admin);
  const create = `create database ${name} template template0 encoding 'UTF8'`;
  if (version >= 170_000) {
    await admin.query(
      `${create} locale_provider builtin builtin_locale 'C.UTF-8' locale 'C' strategy file_copy`,
    );
    return;
  }
  try {
    await admin.query(`${create} locale_provider libc locale 'C.UTF-8' strategy file_copy`);
  } catch (error) {
    // The server's operating system has no such locale.
    if ((error as { code?: string }).code !== '42809') throw error;
    await admin.query(`${create} locale_provider libc locale 'C' strategy file_copy`);
  }
}

async function serverVersionNumber(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return rows[0]?.version ?? 0;
}
