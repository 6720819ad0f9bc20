import { AzoraDbError } from '../errors.ts';

export type CliErrorCode =
  | 'ENV_FILE_UNREADABLE'
  | 'FAKER_MISSING'
  | 'NAME_MISSING'
  | 'NO_SERVER'
  | 'NOT_CONFIRMED'
  | 'OPTION_MISSING'
  | 'REFUSED'
  | 'REPOSITORY_ONLY';

/** The command will not do what was asked; the message says why and what to do. */
export class CliError extends AzoraDbError {
  declare readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string) {
    super(code, message);
  }
}
