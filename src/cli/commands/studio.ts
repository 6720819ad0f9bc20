import { spawn } from 'node:child_process';
import { drizzleKitBin } from '../../migrate/drizzle-kit.ts';
import { packageRoot } from '../../package-root.ts';
import { openTarget } from '../target.ts';

/** Opens drizzle-kit's browser on the database, until it is interrupted. */
export async function studio(): Promise<void> {
  const bin = drizzleKitBin();
  const { url } = await openTarget();
  const child = spawn(process.execPath, [bin, 'studio', '--config', 'drizzle.config.ts'], {
    cwd: packageRoot(),
    env: { ...process.env, DATABASE_URL: url },
    stdio: 'inherit',
  });
  // The terminal sends the interrupt to both; this process waits for the other to end.
  process.on('SIGINT', () => undefined);
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 0));
  });
}
