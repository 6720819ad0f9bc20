import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CliError } from './errors.ts';

/** How a command is told which database is meant, beside its environment. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly envFile?: string;
}

/**
 * Brings the environment to what the options say: `--url`, else the file of `--env-file`, else what
 * is there. Without a file of its own it reads `.env` in the working directory, and there the
 * environment wins.
 *
 * @throws CliError `ENV_FILE_UNREADABLE`
 */
export function loadEnvironment({ url, envFile }: ConnectionOptions): void {
  if (envFile !== undefined) Object.assign(process.env, readEnvFile(envFile));
  else if (existsSync('.env')) process.loadEnvFile('.env');
  if (url !== undefined) process.env.DATABASE_URL = url;
}

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(
      'ENV_FILE_UNREADABLE',
      `The file of --env-file cannot be read: ${path} (${code}).`,
    );
  }
}
