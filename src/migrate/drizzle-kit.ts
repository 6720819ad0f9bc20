import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { parseUrl } from '../db/url.ts';
import { isRepository, packageRoot } from '../package-root.ts';
import { KIT_IS_GUARDED } from '../schema/kit-guard.ts';
import { MigrationError } from './errors.ts';

/**
 * Where drizzle-kit's own command lies, for those who start it with `process.execPath`.
 *
 * @throws MigrationError `DRIZZLE_KIT_MISSING` outside the library's own repository.
 */
export function drizzleKitBin(): string {
  let entry: string | undefined;
  try {
    entry = import.meta.resolve('drizzle-kit');
  } catch {
    // Not installed, as where the library is only used.
  }
  if (entry === undefined || !isRepository()) {
    throw new MigrationError(
      'DRIZZLE_KIT_MISSING',
      "drizzle-kit works on the library's own repository, with its development dependencies " +
        'installed.',
    );
  }
  return fileURLToPath(new URL('bin.cjs', entry));
}

/**
 * What drizzle-kit connects by: the server and database that `connect()` would go to, which its own
 * reading of a URL misses where the name is encoded or in `dbname`. It goes on without a URL, as
 * `generate` does not need one.
 */
export function kitCredentials(url: string | undefined) {
  if (!url) return { url: '' };
  const { host, port, user, password, database = '', options, tls } = parseUrl(url);
  // drizzle-kit hands neither to pg, which takes them from here.
  process.env.PGOPTIONS = options ?? '';
  process.env.PGSSLNEGOTIATION = tls.negotiation;
  return {
    host,
    port,
    database,
    ssl: tls.ssl,
    ...(user && { user }),
    ...(password && { password }),
  };
}

/**
 * Runs `drizzle-kit push` on a database. Without a terminal it stops at every question that it
 * would ask, and it would ask before deleting anything; `force` answers yes.
 *
 * @throws MigrationError `PUSH_FAILED` when it did not get to its end.
 */
export async function runDrizzleKitPush(options: {
  bin: string;
  url: string;
  force: boolean;
}): Promise<void> {
  const args = ['push', ...(options.force ? ['--force'] : [])];
  const { stdout, stderr } = await runDrizzleKit(options.bin, args, withSettings(options.url));
  // Its exit code is 0 even when a statement failed; only these words come after the last one.
  const output = stdout + stderr;
  if (!/Changes applied|No changes detected/.test(output)) throw pushFailed(output);
}

/**
 * What drizzle-kit would make of the tables in an empty database, as SQL.
 *
 * @throws MigrationError `PUSH_FAILED` when it did not get to its end.
 */
export async function exportTables(bin: string): Promise<string> {
  const { status, stdout, stderr } = await runDrizzleKit(bin, ['export'], '');
  if (status === 0 && stdout.trim() !== '') return stdout;
  throw new MigrationError('PUSH_FAILED', `drizzle-kit export failed: ${stderr.trim()}`);
}

async function runDrizzleKit(bin: string, args: readonly string[], url: string) {
  const child = spawn(process.execPath, [bin, ...args, '--config', 'drizzle.config.ts'], {
    cwd: packageRoot(),
    // By environment, because the arguments of a process are public.
    env: { ...process.env, DATABASE_URL: url, [KIT_IS_GUARDED]: 'yes' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return {
    status,
    stdout: stripVTControlCharacters(stdout),
    stderr: stripVTControlCharacters(stderr),
  };
}

// Its SQL names functions in `public` without a schema, and it compares expressions as the session
// prints them; the database or the role may set all of these otherwise.
const SETTINGS = [
  'search_path=public',
  'default_transaction_read_only=off',
  'default_tablespace=',
  'statement_timeout=0',
  'quote_all_identifiers=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

function withSettings(url: string): string {
  const [base = '', query = ''] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  const before = parameters.get('options') ?? process.env.PGOPTIONS ?? '';
  parameters.set('options', `${before} ${SETTINGS}`.trim());
  return `${base}?${parameters}`;
}

function pushFailed(output: string): MigrationError {
  const lines = output.split('\n').map((line) => line.trim());
  const questions = lines.filter((line) => line.startsWith('·'));
  // Asked even with --force: whether to empty a table first.
  if (questions.some((line) => line.includes('unique constraint'))) {
    return refused(
      `it wants to empty a table for ${questions.join(' ')}`,
      'Write a migration instead: npm run db:generate -- --name <what_changes>.',
    );
  }
  if (questions.length > 0) {
    return refused(
      `it would delete data. ${questions.join(' ')}`,
      'Pass --force to let it, or write a migration that keeps the data.',
    );
  }
  if (/Interactive prompts require a TTY/i.test(output)) {
    return refused(
      'it cannot tell a rename from a drop and a create.',
      'Write a migration instead: npm run db:generate -- --name <what_changes>.',
    );
  }
  const reason = lines.find((line) => /^\w*error\b.*:/i.test(line)) ?? 'no reason given';
  return new MigrationError(
    'PUSH_FAILED',
    `drizzle-kit push failed: ${reason}. It is not transactional, so some of its changes may ` +
      'stand; correct the schema and push again.',
  );
}

function refused(reason: string, remedy: string): MigrationError {
  return new MigrationError('PUSH_FAILED', `drizzle-kit push stopped: ${reason} ${remedy}`);
}
