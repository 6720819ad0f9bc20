import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findDeadLinks } from './dead-links.ts';

// For `npm run check`: follows every link of every page, in the repository and in what it would pack.
const root = join(import.meta.dirname, '..');
const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });

const tracked = run('git', 'ls-files', '--cached', '--others', '--exclude-standard', '*.md');
const pages = tracked.split('\n').filter((page) => page !== '' && existsSync(join(root, page)));
const packed = run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts');
const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(packed);

for (const fault of findDeadLinks(root, pages, new Set(files.map(({ path }) => path)))) {
  console.error(fault);
  process.exitCode = 1;
}
