import { CliError } from '../errors.ts';
import { print } from '../output.ts';
import { findTarget } from '../target.ts';

/** Prints the URL that the other commands use, as a secret that was asked for. Starts nothing. */
export async function url(): Promise<void> {
  const target = await findTarget();
  if (target === null) {
    throw new CliError(
      'NO_SERVER',
      'No embedded PostgreSQL is running here, and DATABASE_URL is not set: run ' +
        '`azora-db start` first.',
    );
  }
  print(target.url);
}
