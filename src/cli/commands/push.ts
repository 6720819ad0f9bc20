import { type PushStep, push } from '../../migrate/push.ts';
import { CliError } from '../errors.ts';
import { print, tell } from '../output.ts';
import { isProduction, nameTarget, openTarget } from '../target.ts';

const steps: Readonly<Record<PushStep, string>> = {
  first: 'what tables need',
  tables: 'drizzle-kit push',
  objects: 'functions, triggers and the rest',
  compare: 'the result, compared with src',
};

/** Makes the database equal to `src`, for development: no migration is written. */
export async function pushCommand(options: { force?: boolean }): Promise<void> {
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
