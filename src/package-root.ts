import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AzoraDbError } from './errors.ts';

const PACKAGE_NAME = '@azora/db';

/**
 * The folder that holds this package's `package.json`, `drizzle/` and the rest. The same file runs
 * from `src/` and, compiled, from `dist/src/`, so the folder is looked up and not counted in `..`s.
 *
 * @throws AzoraDbError `PACKAGE_MISSING` when no folder above this file is the package, as when a
 * bundler has moved the code.
 */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  for (;;) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && isOurs(manifest)) return folder;
    const parent = dirname(folder);
    if (parent === folder) {
      throw new AzoraDbError(
        'PACKAGE_MISSING',
        `The files of ${PACKAGE_NAME} were not found above ${import.meta.dirname}. A bundler ` +
          'must leave the package external.',
      );
    }
    folder = parent;
  }
}

/** Whether this is the library's own repository, and not the package that others install. */
export function isRepository(): boolean {
  return existsSync(join(packageRoot(), 'drizzle.config.ts'));
}

function isOurs(manifest: string): boolean {
  const parsed = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown };
  return parsed.name === PACKAGE_NAME;
}
