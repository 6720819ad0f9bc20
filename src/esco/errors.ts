import { AzoraDbError } from '../errors.ts';

export type EscoErrorCode = 'FILE_MISSING' | 'COLUMN_MISSING' | 'FILE_UNREADABLE' | 'FILE_EMPTY';

/**
 * The folder does not hold the classification's files as they are downloaded; the message names
 * file and column.
 */
export class EscoError extends AzoraDbError {
  declare readonly code: EscoErrorCode;

  constructor(code: EscoErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
