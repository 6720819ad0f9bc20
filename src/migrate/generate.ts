import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMigrationsFolder, readJournal } from '../journal.ts';
import { packageRoot } from '../package-root.ts';
import { drizzleKitBin } from './drizzle-kit.ts';
import { compareSources, type ObjectChanges } from './objects/changes.ts';
import { readSources, type Sources } from './objects/read-sources.ts';
import { readState, writeState } from './objects/state.ts';
import { findTableChanges } from './table-changes.ts';

const BREAKPOINT = '\n--> statement-breakpoint\n';

/**
 * What a generated file opens with; `npm run check` refuses a migration that still has a word of
 * it.
 */
export const PLACEHOLDER = 'FILL IN';

const HEAD_SAYS = 'why; what it locks, and for how long; what an operator may do first.';
const HEAD = `-- ${PLACEHOLDER}: ${HEAD_SAYS}`;

// Bodies may name what comes after them, or another migration's; a test validates them all on the
// finished database.
const UNCHECKED = 'set local check_function_bodies = off;';

/** What a new migration would hold. */
export interface Generation {
  /** What drizzle-kit would write; undefined when it would have to ask something first. */
  readonly tables: string | undefined;
  readonly objects: ObjectChanges;
  /** What the state is after it. */
  readonly sources: Sources;
}

/**
 * What changed in the schema and in the `.sql` files of `src` since the last migration; undefined
 * when nothing did.
 */
export async function planGeneration(): Promise<Generation | undefined> {
  const tables = await findTableChanges();
  const sources = readSources();
  const objects = compareSources(readState(defaultMigrationsFolder()), sources, { tables });
  const isEmpty = tables === '' && objects.before.length === 0 && objects.after.length === 0;
  return isEmpty ? undefined : { tables, objects, sources };
}

/** A generation as a reader wants to see it. */
export function describeGeneration({ tables, objects }: Generation): string {
  const asked = '-- drizzle-kit has to ask whether something was renamed.';
  return [...objects.before, tables ?? asked, ...objects.after].filter(Boolean).join('\n\n');
}

/**
 * Writes the migration that the sources ask for, and returns its file: first drizzle-kit's part, on
 * the terminal that it may have to ask questions on, then the SQL objects that changed. With
 * `custom`, the file is left for SQL of its author's.
 *
 * @throws Error when drizzle-kit does not get to its end, or would ask where there is no terminal
 */
export async function generate(options: { name: string; custom?: boolean }): Promise<string> {
  const folder = defaultMigrationsFolder();
  const plan = options.custom ? undefined : await planGeneration();
  if (plan !== undefined && plan.tables === undefined && !process.stdin.isTTY) {
    throw new Error('drizzle-kit has to ask what was renamed: run this in a terminal');
  }
  const known = new Set(readJournal(folder).map(({ tag }) => tag));
  runDrizzleKit(options.name, { custom: plan === undefined || plan.tables === '' });
  const newest = readJournal(folder).at(-1);
  // Its exit code is 0 also where it wrote nothing.
  if (newest === undefined || known.has(newest.tag)) throw new Error('drizzle-kit wrote nothing');
  const path = join(folder, `${newest.tag}.sql`);
  const written = readFileSync(path, 'utf8').trim();
  const parts = plan === undefined ? [] : compose(written, plan);
  writeFileSync(path, `${[HEAD, ...parts].join(BREAKPOINT)}\n`);
  if (plan !== undefined) writeState(folder, plan.sources);
  dropOlderSnapshots(folder);
  return path;
}

// What drizzle-kit asked about is known only now.
function compose(written: string, { tables = written, sources }: Generation): string[] {
  const state = readState(defaultMigrationsFolder());
  const { before, after } = compareSources(state, sources, { tables });
  const hasFunctions = [...before, ...after].some((text) => /\bfunction\b/.test(text));
  return [
    ...(hasFunctions ? [UNCHECKED] : []),
    ...before,
    ...(tables === '' ? [] : [written]),
    ...after,
  ];
}

function runDrizzleKit(name: string, options: { custom: boolean }): void {
  const args = ['generate', '--config', 'drizzle.config.ts', '--name', name];
  if (options.custom) args.push('--custom');
  const { status, error } = spawnSync(process.execPath, [drizzleKitBin(), ...args], {
    cwd: packageRoot(),
    stdio: 'inherit',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`drizzle-kit generate ended with exit code ${status}`);
}

// drizzle-kit compares with the newest alone; the history of the others is in git.
function dropOlderSnapshots(folder: string): void {
  const meta = join(folder, 'meta');
  const snapshots = readdirSync(meta).filter((name) => name.endsWith('_snapshot.json'));
  for (const name of snapshots.sort().slice(0, -1)) rmSync(join(meta, name));
}
