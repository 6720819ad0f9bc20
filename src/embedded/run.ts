import { spawn } from 'node:child_process';
import type { Account } from './account.ts';

/** How a program ended, and what it said. */
export interface RunResult {
  status: number | null;
  output: string;
}

/**
 * Runs one of PostgreSQL's programs as the account, to its end. Our own working directory may be
 * closed to the account.
 */
export function run(
  program: string,
  args: string[],
  account: Account,
  cwd = '/',
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...account,
      cwd,
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output: output.trim() }));
  });
}

/**
 * Ours without what would steer PostgreSQL: PGPORT, PGDATA, PGOPTIONS, the caller's language and
 * zone.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(own), LC_ALL: 'C', TZ: 'UTC' };
}
