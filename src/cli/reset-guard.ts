import { CliError } from './errors.ts';

export interface ResetRequest {
  readonly host: string;
  readonly database: string;
  readonly yes: boolean;
  readonly force: boolean;
  readonly isProduction: boolean;
  /** Whether somebody can be asked. */
  readonly isTerminal: boolean;
}

/**
 * Whether a reset may go on: 'ask' for the database's name first, or 'go'.
 *
 * @throws CliError `REFUSED` in production and on a server elsewhere, unless forced; and
 *   `NOT_CONFIRMED` without a terminal to ask on, unless `yes`.
 */
export function checkReset(request: ResetRequest): 'ask' | 'go' {
  const { host, database, yes, force } = request;
  if (request.isProduction && !force) {
    throw new CliError(
      'REFUSED',
      `NODE_ENV is production, and a reset deletes all data of database "${database}". If that ` +
        'is meant, add --force.',
    );
  }
  if (!isLocal(host) && !force) {
    throw new CliError(
      'REFUSED',
      `The server is ${host}, which is not this machine, and a reset deletes all data of ` +
        `database "${database}". If that is meant, add --force.`,
    );
  }
  if (yes) return 'go';
  if (request.isTerminal) return 'ask';
  throw new CliError(
    'NOT_CONFIRMED',
    `A reset deletes all data of database "${database}". Without a terminal to ask on, it ` +
      'wants --yes.',
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
