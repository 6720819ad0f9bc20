import { AzoraDbError } from '../errors.ts';

/** Why there is no database for tests: see the table of docs/errors.md. */
export type TestingErrorCode =
  | 'TEST_DATABASE_INVALID'
  | 'TEST_DATABASE_UNAVAILABLE'
  | 'TEST_MIGRATION_FAILED'
  | 'TEST_POSTGRES_MISMATCH'
  | 'TEST_SETUP_MISSING'
  | 'TEST_TEMPLATE_TIMEOUT';

/**
 * No server for tests could be had, or not the one that was asked for, or no database could be made
 * on it.
 */
export class TestingError extends AzoraDbError {
  /** What went wrong: see the table of docs/errors.md. */
  declare readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
