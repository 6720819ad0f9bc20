import { CommanderError } from 'commander';
import { AzoraDbError } from '../errors.ts';
import { exitCodeOf } from './exit-codes.ts';
import { isPermissionDenied, missingGrants, type Need } from './grants.ts';
import { print, tell } from './output.ts';
import { findTarget } from './target.ts';

/** Which command failed, and how it was to answer. */
export interface Invocation {
  /** Such as `import esco`; null when it is none. */
  readonly command: string | null;
  readonly json: boolean;
  readonly need: Need | undefined;
}

/**
 * Ends the command: one message, the grants that the role lacks if it is about that, and the stack
 * only for who asks for it with DEBUG. With `--json` the same as a document.
 */
export async function fail(error: unknown, { command, json, need }: Invocation): Promise<void> {
  const exitCode = exitCodeOf(error);
  process.exitCode = exitCode;
  if (exitCode === 0) return;
  const isUsage = error instanceof CommanderError;
  const message = messageOf(error);
  const grants = isPermissionDenied(error) && need ? await grantsFor(need) : [];
  // What commander has to say of a usage it has said.
  if (!isUsage) tell(`azora-db: ${message}`);
  if (grants.length > 0) {
    tell('What the role lacks, for the owner of the tables or a superuser to run:');
    for (const grant of grants) tell(`  ${grant}`);
  }
  if (process.env.DEBUG && error instanceof Error) tell(error.stack ?? '');
  else if (!isUsage && !(error instanceof AzoraDbError)) {
    tell('Set DEBUG=1 to see where this comes from.');
  }
  if (json) {
    const described = { ...describe(error, message), grants };
    print(JSON.stringify({ command, ok: false, exitCode, error: described }, null, 2));
  }
}

function describe(error: unknown, message: string) {
  if (error instanceof CommanderError) return { name: 'UsageError', code: 'USAGE', message };
  const { name, sqlState } = error as Partial<AzoraDbError>;
  const code = error instanceof AzoraDbError ? error.code : 'UNEXPECTED';
  return { name: name ?? 'Error', code, message, ...(sqlState && { sqlState }) };
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof CommanderError ? message.replace(/^error: /, '') : message;
}

/** What cannot be found out is not said: the first error is what counts. */
async function grantsFor(need: Need): Promise<string[]> {
  try {
    const target = await findTarget();
    return target === null ? [] : await missingGrants(target.url, need);
  } catch {
    return [];
  }
}
