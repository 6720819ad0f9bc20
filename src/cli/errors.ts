import { AzoraDbError } from '../errors.ts';

export type CliErrorCode = 'NAME_MISSING' | 'NO_SERVER' | 'NOT_CONFIRMED' | 'REFUSED';

/** The command will not do what was asked; the message says why and what to do. */
export class CliError extends AzoraDbError {
  declare readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string) {
    super(code, message);
  }
}
