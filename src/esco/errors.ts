import { AzoraDbError } from '../errors.ts';

/** What is wrong with the files: see the table of docs/errors.md. */
export type EscoErrorCode =
  | 'FILE_MISSING'
  | 'COLUMN_MISSING'
  | 'COLUMN_REPEATED'
  | 'FILE_UNREADABLE'
  | 'FILE_EMPTY';

/**
 * The folder does not hold the classification's files as they are downloaded; the message names
 * file, line or column.
 */
export class EscoError extends AzoraDbError {
  /** What went wrong: see the table of docs/errors.md. */
  declare readonly code: EscoErrorCode;

  constructor(code: EscoErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
