import { AzoraDbError } from '../errors.ts';
import { tell } from './output.ts';

/** Ends the command: one message, and the stack only for who asks for it with DEBUG. */
export function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  tell(`azora-db: ${message}`);
  if (process.env.DEBUG && error instanceof Error) tell(error.stack ?? '');
  else if (!(error instanceof AzoraDbError)) tell('Set DEBUG=1 to see where this comes from.');
  process.exitCode = 1;
}
