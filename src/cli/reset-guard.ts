import { CliError } from './errors.ts';

/** What is asked of which database. */
export interface PlaceRequest {
  readonly host: string;
  readonly database: string;
  readonly force: boolean;
  readonly isProduction: boolean;
}

export interface ResetRequest extends PlaceRequest {
  readonly yes: boolean;
  /** Whether somebody can be asked. */
  readonly isTerminal: boolean;
}

/**
 * Refuses what is for development. `deed` says what would be done, and goes before the name of the
 * database.
 *
 * @throws CliError `REFUSED` in production and on a server elsewhere, unless forced.
 */
export function checkPlace(request: PlaceRequest, deed: string): void {
  const { host, database, force } = request;
  if (force) return;
  const reason = request.isProduction
    ? 'NODE_ENV is production'
    : isLocal(host)
      ? undefined
      : `The server is ${host}, which is not this machine`;
  if (reason === undefined) return;
  throw new CliError(
    'REFUSED',
    `${reason}, and ${deed} database "${database}". If that is meant, add --force.`,
  );
}

/**
 * Whether a reset may go on: 'ask' for the database's name first, or 'go'.
 *
 * @throws CliError `REFUSED` as `checkPlace` does; and `NOT_CONFIRMED` without a terminal to ask
 *   on, unless `yes`.
 */
export function checkReset(request: ResetRequest): 'ask' | 'go' {
  checkPlace(request, 'a reset deletes all data of');
  if (request.yes) return 'go';
  if (request.isTerminal) return 'ask';
  throw new CliError(
    'NOT_CONFIRMED',
    `A reset deletes all data of database "${request.database}". Without a terminal to ask ` +
      'on, it wants --yes.',
  );
}

/** A socket, or the loopback interface by name or address. */
export function isLocal(host: string): boolean {
  return (
    host === '' ||
    host.startsWith('/') ||
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  );
}
