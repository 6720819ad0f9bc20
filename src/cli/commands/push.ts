import { type PushStep, push } from '../../migrate/push.ts';
import { CliError } from '../errors.ts';
import { print, tell } from '../output.ts';
import { isProduction, nameTarget, openTarget } from '../target.ts';

const steps: Readonly<Record<PushStep, string>> = {
  first: 'what tables need',
  tables: 'drizzle-kit push',
  objects: 'functions, triggers and the rest',
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
  await push({
    url,
    force: options.force ?? false,
    onStep: (step) => tell(steps[step]),
  });
  print(`${nameTarget(url)}: equal to src; every migration counts as applied.`);
}
