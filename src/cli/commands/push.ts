import { type PushStep, push } from '../../migrate/push.ts';
import { pushShipped } from '../../migrate/push-shipped.ts';
import { isRepository } from '../../package-root.ts';
import { CliError } from '../errors.ts';
import { print, tell } from '../output.ts';
import { isProduction, nameTarget, openTarget } from '../target.ts';

const steps: Readonly<Record<PushStep, string>> = {
  first: 'what tables need',
  tables: 'drizzle-kit push',
  objects: 'functions, triggers and the rest',
  compare: 'the result, compared with src',
};

/**
 * In the repository, makes the database equal to `src`, for development: no migration is written.
 * From the installed package, applies what is missing and puts back what was damaged.
 */
export async function pushCommand(options: { force?: boolean }): Promise<void> {
  if (!isRepository()) return pushFromPackage();
  if (isProduction() && !options.force) {
    throw new CliError(
      'REFUSED',
      'NODE_ENV is production, and a push changes tables without a migration. Use ' +
        '`azora-db migrate`, or add --force.',
    );
  }
  const { url } = await openTarget();
  const { notCompared } = await push({
    url,
    force: options.force ?? false,
    onStep: (step) => tell(steps[step]),
  });
  const what =
    notCompared === null
      ? 'equal to src, but for privileges, which are not compared'
      : 'pushed, but not compared with src. What drizzle-kit overlooks may differ: expressions ' +
        'of checks, defaults and generated columns, predicates of indexes, keys that are ' +
        `deferrable or not valid. There was no database to compare with: ${notCompared}`;
  print(`${nameTarget(url)}: ${what}; every migration counts as applied.`);
}

async function pushFromPackage(): Promise<void> {
  const { url } = await openTarget();
  const { applied, repaired } = await pushShipped({ url });
  for (const tag of applied) print(`applied: ${tag}`);
  for (const { object } of repaired) print(`put back: ${object}`);
  const changed = applied.length + repaired.length > 0;
  const what = `${changed ? '' : 'no changes: '}every object is as the migrations make it`;
  print(`${nameTarget(url)}: ${what}.`);
}
