import { fromDriver, isServerError } from '../db/to-db-error.ts';
import { AzoraDbError } from '../errors.ts';
import type { Migration } from './migration-files.ts';
import type { MigrationPlan } from './plan.ts';

/** Why a migration was not applied: see the table of docs/errors.md. */
export type MigrationErrorCode =
  | 'DEPLOY_LOCK_TIMEOUT'
  | 'DRIZZLE_KIT_MISSING'
  | 'MIGRATION_DELETED'
  | 'MIGRATION_EDITED'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_LATE'
  | 'MIGRATION_TRANSACTION_CONTROL'
  | 'PUSH_FAILED'
  | 'PUSH_INCOMPLETE'
  | 'RESET_BLOCKED'
  | 'SESSION_SHARED';

/** A migration could not be applied, or must not be; the message says which and what to do. */
export class MigrationError extends AzoraDbError {
  /** What went wrong: see the table of docs/errors.md. */
  declare readonly code: MigrationErrorCode;
  /** What the server answered, when it was the server that refused. */
  override readonly sqlState: string | undefined;

  constructor(code: MigrationErrorCode, message: string, cause?: Error & { sqlState?: string }) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.sqlState = cause?.sqlState;
  }
}

const MOST_NAMED = 20;

/** What of others depends on what a reset drops; nothing was dropped. */
export class ResetDependentsError extends AzoraDbError {
  /** Kind and name of each, as `view shop.rich_users`, in the order of the text. */
  readonly dependents: readonly string[];

  constructor(dependents: readonly string[]) {
    const named = dependents.slice(0, MOST_NAMED).map((dependent) => `\n  ${dependent}`);
    const rest = dependents.length - named.length;
    super(
      'RESET_DEPENDENTS',
      'Nothing was deleted: this is not of @azora/db, depends on what a reset drops, and would ' +
        `be dropped with it:${named.join('')}${rest > 0 ? `\n  and ${rest} more` : ''}\n` +
        'Drop it yourself, or add --force to have it dropped.',
    );
    this.dependents = dependents;
  }
}

const IN_THE_WAY =
  'Something of this name is there already, and the books (azora_db.migrations) do not ' +
  'say that this migration made it: another program did, or the books were not restored with the ' +
  'rest. Move it out of the way, restore the books, or use another database.';

// By SQLSTATE: failures whose remedy is known.
const REMEDIES: Readonly<Record<string, string>> = {
  '55P04':
    'A new enum value can be used only after its transaction: put what uses it into the next ' +
    'migration.',
  '55P03':
    'A lock was not to be had in any try. Find who holds it (pg_stat_activity, ' +
    'pg_blocking_pids) or migrate at a quieter time.',
  '42P06': IN_THE_WAY,
  '42P07': IN_THE_WAY,
  '42710': IN_THE_WAY,
  '42501': 'The user of DATABASE_URL lacks this privilege: migrate as the owner of the database.',
};

const NOT_IN_TRANSACTION = '25001';

/** Says which statement of which file failed and why. */
export function migrationFailed(
  migration: Migration,
  statementIndex: number,
  error: unknown,
): MigrationError {
  const cause: Error & { sqlState?: string } = fromDriver(error);
  const place =
    statementIndex < migration.statements.length
      ? `statement ${statementIndex + 1} of ${migration.statements.length}`
      : 'commit';
  const kept = migration.transactional
    ? 'Nothing of it was kept.'
    : 'The statements before it were kept; the next run begins again with the first.';
  const parts = [
    `Migration ${migration.tag} failed at ${place}: ${reasonOf(error, cause)}.`,
    kept,
    remedyOf(migration, cause.sqlState ?? ''),
  ];
  return new MigrationError('MIGRATION_FAILED', parts.filter(Boolean).join(' '), cause);
}

function remedyOf(migration: Migration, sqlState: string): string | undefined {
  if (sqlState !== NOT_IN_TRANSACTION) return REMEDIES[sqlState];
  return migration.transactional
    ? 'This statement cannot run in a transaction: put it into a migration of its own that ' +
        'opens with "-- azora-db: no-transaction".'
    : 'This statement cannot run in a transaction, which PostgreSQL makes of statements that ' +
        'are sent together: put "--> statement-breakpoint" before and after it.';
}

/**
 * Says which statement of which file would begin or end a transaction; nothing of the file was run.
 */
export function transactionControl(
  migration: Migration,
  statementIndex: number,
  found: string,
): MigrationError {
  return new MigrationError(
    'MIGRATION_TRANSACTION_CONTROL',
    `Migration ${migration.tag} was not begun: statement ${statementIndex + 1} of ` +
      `${migration.statements.length} has "${found}", and migrations neither begin ` +
      'nor end transactions. Take it out: a migration is one transaction by itself, and one ' +
      'that must not be opens with "-- azora-db: no-transaction".',
  );
}

// The server's own words name relations and columns, which the author of a migration needs; only
// those of class 22, data exceptions, quote rows.
function reasonOf(error: unknown, cause: Error): string {
  if (!isServerError(error) || error.code.startsWith('22')) return cause.message;
  return `${error.message} (SQLSTATE ${error.code})`;
}

/** Says that a pooler is in the way. */
export function sessionShared(): MigrationError {
  return new MigrationError(
    'SESSION_SHARED',
    'Migrations need a session of their own, for the lock that keeps other deploys away and for ' +
      'their settings, and a pooler stands in between that gives them none. Pass the URL of the ' +
      'server itself, or of a pooler in session mode.',
  );
}

/** Says who kept a reset from its locks. */
export function resetBlocked(
  waitedMs: number,
  sessions: readonly { pid: number; application: string; state: string | null }[],
): MigrationError {
  const [first] = sessions;
  const who = sessions
    .map(
      ({ pid, application, state }) => `${pid} (${application || 'no name'}, ${state ?? 'busy'})`,
    )
    .join(', ');
  return new MigrationError(
    'RESET_BLOCKED',
    `Nothing was deleted: others used the tables for ${waitedMs} ms. ` +
      (first === undefined
        ? 'They are gone by now: try again.'
        : `By process id: ${who}. Stop what they belong to, or end them, as with ` +
          `select pg_terminate_backend(${first.pid}), and try again.`),
  );
}

/**
 * Throws if files and database disagree in a way that applying more migrations would make worse.
 */
export function assertConsistent(plan: MigrationPlan, options: { allowLate: boolean }): void {
  if (plan.edited.length > 0) {
    throw new MigrationError(
      'MIGRATION_EDITED',
      `${tags(plan.edited)} changed after being applied to this database. ` +
        'Restore the file as it was and put the change into a new migration.',
    );
  }
  if (plan.deleted.length > 0) {
    const whens = plan.deleted.map((row) => row.when).join(', ');
    throw new MigrationError(
      'MIGRATION_DELETED',
      `This database had migrations applied that no file describes (created_at ${whens}). ` +
        'Restore the files, or, for a development database, run `azora-db reset`.',
    );
  }
  if (plan.late.length > 0 && !options.allowLate) {
    throw new MigrationError(
      'MIGRATION_LATE',
      `${tags(plan.late)} is older than a migration that this database already has: it was ` +
        'merged late. Generate it again, so that it comes last; or, if the order does not ' +
        'matter, apply it with --allow-late.',
    );
  }
}

function tags(migrations: readonly Migration[]): string {
  return `Migration ${migrations.map((migration) => migration.tag).join(', ')}`;
}
