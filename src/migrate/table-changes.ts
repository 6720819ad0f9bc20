import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { defaultMigrationsFolder } from '../journal.ts';
import { packageRoot } from '../package-root.ts';
import { drizzleKitBin } from './drizzle-kit.ts';

/**
 * What `drizzle-kit generate` would add to the migrations, as SQL; empty when they are up to date
 * with a schema, and undefined when it would have to ask whether something was renamed. It is tried
 * on a copy, so nothing changes here.
 *
 * @throws Error with drizzle-kit's own words when it does not get to its end
 */
export async function findTableChanges(
  schema = './src/schema/index.ts',
): Promise<string | undefined> {
  const copy = await mkdtemp(join(tmpdir(), 'azora-db-generate-'));
  try {
    await cp(defaultMigrationsFolder(), copy, { recursive: true });
    const before = new Set(await readdir(copy));
    const options = ['--dialect', 'postgresql', '--schema', schema];
    // drizzle-kit takes an absolute folder for a relative one.
    const out = ['--out', relative(packageRoot(), copy)];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [drizzleKitBin(), 'generate', ...options, ...out],
      { cwd: packageRoot(), encoding: 'utf8' },
    );
    if (/Interactive prompts require a TTY/i.test(stdout + stderr)) return undefined;
    const added = (await readdir(copy)).filter((name) => !before.has(name));
    const texts = await Promise.all(added.map((name) => readFile(join(copy, name), 'utf8')));
    const isUpToDate = added.length === 0 && stdout.includes('No schema changes');
    if (status !== 0 || (added.length === 0 && !isUpToDate)) {
      throw new Error(
        `drizzle-kit generate failed:\n${stripVTControlCharacters(stdout + stderr).trim()}`,
      );
    }
    return texts.join('\n');
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
