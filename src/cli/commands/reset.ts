import { createInterface } from 'node:readline/promises';
import { dropAll } from '../../migrate/reset.ts';
import { CliError } from '../errors.ts';
import { print, tell } from '../output.ts';
import { checkReset } from '../reset-guard.ts';
import { describeApplied, runMigrate } from '../run-migrate.ts';
import { describeUrl, isProduction, nameTarget, openTarget, plannedPlace } from '../target.ts';

/** Deletes all data and migrates again. The demo data is not put back: that is `azora-db seed`. */
export async function reset(options: { yes?: boolean; force?: boolean }): Promise<void> {
  const { yes = false, force = false } = options;
  const isTerminal = Boolean(process.stdin.isTTY && process.stderr.isTTY);
  // Asked before a server is started that is then refused.
  const request = { yes, force, isTerminal, isProduction: isProduction() };
  checkReset({ ...request, ...plannedPlace() });
  const { url } = await openTarget();
  const { host, database } = describeUrl(url);
  if (checkReset({ ...request, host, database }) === 'ask') await confirm(url, database);
  const dropped = await dropAll({ url, force });
  for (const dependent of dropped) print(`dropped, though not of @azora/db: ${dependent}`);
  const applied = await runMigrate({ url });
  print(`${nameTarget(url)}: all data is deleted. ${describeApplied(applied)}`);
  print('For the demo data: azora-db seed');
}

async function confirm(url: string, database: string): Promise<void> {
  tell(`This deletes all data of ${nameTarget(url)}.`);
  const readline = createInterface({ input: process.stdin, output: process.stderr });
  // Control-D ends the input without an answer, which is an answer.
  const closed = new Promise<string>((resolve) => readline.once('close', () => resolve('\n')));
  const question = readline.question("Type the database's name to go on: ");
  const answer = await Promise.race([question, closed]);
  readline.close();
  if (answer.trim() === database) return;
  if (answer === '\n') tell('');
  throw new CliError('NOT_CONFIRMED', `Nothing was deleted: the answer was not "${database}".`);
}
