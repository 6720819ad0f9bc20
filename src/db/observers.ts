import { DefaultLogger, type Logger } from 'drizzle-orm';
import { InvalidInputError } from '../errors.ts';
import type { ConnectOptions } from './pool-config.ts';
import type { OnStatement } from './watch-statements.ts';

/** Who is told of statements: one before they are sent, the other when they have ended. */
export interface Observers {
  readonly logger: Logger | undefined;
  readonly onStatement: OnStatement | undefined;
}

/** @throws InvalidInputError for one that cannot be told. */
export function observersOf({ logger, onStatement }: ConnectOptions): Observers {
  if (onStatement !== undefined && typeof onStatement !== 'function') {
    throw new InvalidInputError('onStatement', 'must be a function');
  }
  return { logger: loggerOf(logger), onStatement };
}

function loggerOf(logger: ConnectOptions['logger']): Logger | undefined {
  if (logger === undefined || logger === false) return undefined;
  if (logger === true) return new DefaultLogger();
  if (typeof logger?.logQuery === 'function') return logger;
  throw new InvalidInputError('logger', 'must be a boolean, or have a function logQuery');
}
