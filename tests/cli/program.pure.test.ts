import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../src/cli/errors.ts';
import { exitCodeOf, exitMeanings } from '../../src/cli/exit-codes.ts';
import { helpBelow } from '../../src/cli/help.ts';
import { createProgram } from '../../src/cli/program.ts';
import { EmbeddedError } from '../../src/embedded/errors.ts';
import { ConnectError, PermissionError, SqlError } from '../../src/index.ts';
import { MigrationError } from '../../src/migrate/index.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');

/** The commands that help shows, by name; of `import` those below it. */
function visible(program: Command): Map<string, Command> {
  const shown = program.createHelp().visibleCommands(program);
  const named = shown.map((command): [string, Command] => [command.name(), command]);
  const [esco] = shown.find((command) => command.name() === 'import')?.commands ?? [];
  return new Map([...named, ...(esco ? [['import esco', esco] as const] : [])]);
}

const installed = visible(createProgram({ repository: false }));
const own = visible(createProgram({ repository: true }));
const ofRepository = ['generate', 'land', 'studio'];

describe('azora-db --help', () => {
  it('has the commands of the repository there only', () => {
    expect([...own.keys()].filter((name) => !installed.has(name))).toEqual(ofRepository);
    expect([...installed.keys()].filter((name) => !own.has(name))).toEqual([]);
    for (const name of ofRepository) expect(page).toContain(`\`${name}\``);
  });

  it.each(ofRepository)(
    'says of %s that it works in the repository, where it does not',
    async (name) => {
      const called = createProgram({ repository: false }).parseAsync([name, '--name', 'add_it'], {
        from: 'user',
      });
      await expect(called).rejects.toMatchObject({ name: 'CliError', code: 'REPOSITORY_ONLY' });
    },
  );

  it('offers --url and --env-file for every command but those without a database', () => {
    const without = [...own].filter(([, command]) => {
      const names = command.options.map(({ long }) => long);
      return !(names.includes('--url') && names.includes('--env-file'));
    });
    expect(without.map(([name]) => name)).toEqual([
      'stop',
      'import',
      'generate',
      'land',
      'completion',
      'help',
    ]);
  });

  it('has the exit codes, and the guide has the same', () => {
    expect(exitMeanings.map(([code]) => code)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const [code, meaning] of exitMeanings) {
      expect(helpBelow).toContain(`  ${code}  ${meaning}\n`);
      expect(page).toContain(`\n| ${code} | ${meaning} |\n`);
    }
  });
});

describe('exitCodeOf', () => {
  const denied = new PermissionError('no', { sqlState: '42501' });

  it.each([
    [0, 'help', new CommanderError(0, 'commander.helpDisplayed', '')],
    [2, 'help that nobody asked for', new CommanderError(1, 'commander.help', '')],
    [2, 'an option that is none', new CommanderError(1, 'commander.unknownOption', '')],
    [1, 'an error of our own making', new TypeError('x is undefined')],
    [1, 'a refused statement', new SqlError('SQL_ERROR', 'no', { sqlState: '42601' })],
    [1, 'a failed migration', new MigrationError('MIGRATION_FAILED', 'no')],
    [3, 'an edited migration', new MigrationError('MIGRATION_EDITED', 'no')],
    [4, 'a missing migration', new ConnectError('NOT_MIGRATED', 'no')],
    [5, 'a server that is down', new ConnectError('SERVER_DOWN', 'no')],
    [6, 'a refused reset', new CliError('REFUSED', 'no')],
    [7, 'a missing privilege', denied],
    [7, 'a migration without a privilege', new MigrationError('MIGRATION_FAILED', 'no', denied)],
    [7, 'books that may not be read', new ConnectError('MIGRATIONS_UNREADABLE', 'no')],
    [8, 'missing binaries', new EmbeddedError('EMBEDDED_BINARIES_MISSING', 'no')],
  ])('is %i for %s', (code, _what, error) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});
