import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';

/** Whether this is the library's own repository, and not the package that others install. */
export function isRepository(): boolean {
  return existsSync(join(packageRoot(), 'drizzle.config.ts'));
}
