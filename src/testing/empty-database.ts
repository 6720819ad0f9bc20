import type { Client } from 'pg';
import { LETTERS } from '../embedded/letters.ts';

/**
 * An empty database that sorts text and folds case alike on every server, whatever its own default:
 * with PostgreSQL's own C.UTF-8, or before 17 with the operating system's. What contrib code takes
 * for a letter is the operating system's word on all.
 */
export async function createEmptyDatabase(admin: Client, name: string): Promise<void> {
  const version = await serverVersionNumber(admin);
  const create = `create database ${name} template template0 encoding 'UTF8' strategy file_copy`;
  for (const locale of localesOf(version)) {
    try {
      await admin.query(`${create} ${locale}`);
      return;
    } catch (error) {
      // The server's operating system has no such locale.
      if ((error as { code?: string }).code !== '42809') throw error;
    }
  }
  throw new Error('the server knows no locale C');
}

/** As `startEmbedded` tries them for a whole server. */
function localesOf(version: number): string[] {
  const provider =
    version >= 170_000
      ? `locale_provider builtin builtin_locale 'C.UTF-8' lc_collate 'C'`
      : `locale_provider libc lc_collate 'C'`;
  return [
    ...(version >= 170_000 ? [] : [`locale_provider libc locale 'C.UTF-8'`]),
    ...[...LETTERS, 'C'].map((letters) => `${provider} lc_ctype '${letters}'`),
  ];
}

async function serverVersionNumber(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return rows[0]?.version ?? 0;
}
