import { CommanderError } from 'commander';
import { AzoraDbError, ConnectError } from '../errors.ts';
import { isPermissionDenied } from './grants.ts';

/** How the command ends, for scripts. Node.js itself ends with 9 and above 128. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  pending: 4,
  notConnected: 5,
  refused: 6,
  notPermitted: 7,
  notInstalled: 8,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each says, for `--help`. */
export const exitMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.done, 'done, and nothing is wrong'],
  [exitCodes.failed, 'failed, for a reason that the message says'],
  [exitCodes.usage, 'no such command or option, or a value that it does not take'],
  [exitCodes.findings, 'something is wrong with the database: findings, or other migrations'],
  [exitCodes.pending, 'migrations are to be applied first'],
  [exitCodes.notConnected, 'no connection to a database'],
  [exitCodes.refused, 'not done to this database without --force or --yes'],
  [exitCodes.notPermitted, 'the role lacks a privilege; the message has the grant'],
  [exitCodes.notInstalled, 'a package is missing; the message has the command'],
];

const byCode: Readonly<Record<string, ExitCode>> = {
  NAME_MISSING: exitCodes.usage,
  OPTION_MISSING: exitCodes.usage,
  REPOSITORY_ONLY: exitCodes.usage,
  ENV_FILE_UNREADABLE: exitCodes.usage,
  INVALID_INPUT: exitCodes.usage,
  MIGRATION_DELETED: exitCodes.findings,
  MIGRATION_EDITED: exitCodes.findings,
  MIGRATION_LATE: exitCodes.findings,
  PUSH_INCOMPLETE: exitCodes.findings,
  NOT_MIGRATED: exitCodes.pending,
  NO_SERVER: exitCodes.notConnected,
  CONNECTION_LOST: exitCodes.notConnected,
  NOT_CONFIRMED: exitCodes.refused,
  REFUSED: exitCodes.refused,
  RESET_DEPENDENTS: exitCodes.refused,
  EMBEDDED_IN_PRODUCTION: exitCodes.refused,
  EMBEDDED_BINARIES_MISSING: exitCodes.notInstalled,
  FAKER_MISSING: exitCodes.notInstalled,
  DRIZZLE_KIT_MISSING: exitCodes.notInstalled,
};

/** What the command ends with after this error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) {
    return error.code === 'commander.help' || error.exitCode !== 0
      ? exitCodes.usage
      : exitCodes.done;
  }
  if (isPermissionDenied(error)) return exitCodes.notPermitted;
  const known = error instanceof AzoraDbError ? byCode[error.code] : undefined;
  if (known !== undefined) return known;
  return error instanceof ConnectError ? exitCodes.notConnected : exitCodes.failed;
}
