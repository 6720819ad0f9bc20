import { AzoraDbError } from '../../src/errors.ts';

/** The demo cannot be added beside what is in the database; nothing was written. */
export class DemoSeedError extends AzoraDbError {
  constructor(message: string) {
    super('DEMO_EMAIL_TAKEN', message);
  }
}
