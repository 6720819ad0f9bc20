import { AzoraDbError } from '../errors.ts';

/** Why the embedded server could not be had: see the table of docs/errors.md. */
export type EmbeddedErrorCode =
  | 'EMBEDDED_IN_PRODUCTION'
  | 'EMBEDDED_BINARIES_MISSING'
  | 'EMBEDDED_BINARIES_UNUSABLE'
  | 'EMBEDDED_NO_ACCOUNT'
  | 'EMBEDDED_FOREIGN_DATA_DIR'
  | 'EMBEDDED_OTHER_OWNER'
  | 'EMBEDDED_OTHER_VERSION'
  | 'EMBEDDED_PORT_TAKEN'
  | 'EMBEDDED_INIT_FAILED'
  | 'EMBEDDED_START_FAILED'
  | 'EMBEDDED_TIMEOUT';

/** The embedded server could not be had: the message says why and what to do. */
export class EmbeddedError extends AzoraDbError {
  /** What went wrong: see the table of docs/errors.md. */
  declare readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string) {
    super(code, message);
  }
}

/** A full disk or a crash of the machine can leave a file empty. */
export function brokenFile(path: string, content: string): EmbeddedError {
  return new EmbeddedError(
    'EMBEDDED_FOREIGN_DATA_DIR',
    `${path} does not hold ${content}: a full disk or a crash may have emptied it. Restore the ` +
      'file, or name another folder.',
  );
}
