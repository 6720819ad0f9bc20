import { spawnSync } from 'node:child_process';
import { packageRoot } from '../../journal.ts';
import { drizzleKitBin } from '../../migrate/drizzle-kit.ts';

/**
 * Runs `drizzle-kit generate` on the terminal that it may have to ask questions on. Without a name it would
 * make one up, which is then in the repository for good.
 */
export function generate(options: { name: string; custom?: boolean }): void {
  const args = ['generate', '--config', 'drizzle.config.ts', '--name', options.name];
  if (options.custom) args.push('--custom');
  const { status, error } = spawnSync(process.execPath, [drizzleKitBin(), ...args], {
    cwd: packageRoot(),
    stdio: 'inherit',
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
