import { relative } from 'node:path';
import { describeGeneration, generate, planGeneration } from '../../migrate/generate.ts';
import { CliError } from '../errors.ts';
import { print, tell } from '../output.ts';
import { writeCatalog } from '../write-catalog.ts';

/**
 * Writes a migration for what changed in `src`; without a name, shows what it would write and asks
 * for one.
 */
export async function generateCommand(options: { name?: string; custom?: boolean }): Promise<void> {
  const { name, custom = false } = options;
  const plan = custom ? undefined : await planGeneration();
  if (!custom && plan === undefined) {
    print('Nothing has changed in src since the last migration.');
    return;
  }
  if (plan !== undefined && name === undefined) print(describeGeneration(plan));
  if (name === undefined) {
    throw new CliError(
      'NAME_MISSING',
      'A migration is called after what it does, and stays so for good: ' +
        'add --name <verb_what>, such as --name add_badges.',
    );
  }
  const path = await generate({ name, custom });
  print(relative(process.cwd(), path));
  await writeCatalog();
  tell('Fill in the comment at its head, read it, and run db:land when it is what will be merged.');
}
