import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// Which server the tests run on, as .env.example says; the environment wins. Nothing else of the file is for
// tests, DATABASE_URL least of all.
const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
for (const [name, value] of Object.entries(file)) {
  if (name.startsWith('TEST_')) process.env[name] ??= value;
}

const jsonFile = process.env.VITEST_JSON;
// One server for all projects that name it.
const globalSetup = ['src/testing/vitest-global-setup.ts'];
const pure = 'tests/**/*.pure.test.ts';
const machine = 'tests/**/*.machine.test.ts';
// The command and the embedded server are tested with the version that they have by default.
const isAnotherVersion = !['', '18'].includes(process.env.TEST_POSTGRES ?? '');
const sameForAllVersions = [
  'tests/{cli,embedded}/**',
  'tests/migrate/{generate,table-changes}.*',
  'tests/backup/**',
];
// For the processes that run the tests, and the programs that these start again and again.
const preload = pathToFileURL(join(import.meta.dirname, 'tests', 'setup', 'resolve-once.mjs'));
const env = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'node'),
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${preload}`,
};

/** The longest files first, so that no process works on one when the others have nothing left. */
class MachineFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLate = (file: TestSpecification) => Number(file.project.name !== 'machine');
    return (await super.sort(files)).sort((a, b) => isLate(a) - isLate(b));
  }
}

export default defineConfig({
  test: {
    projects: [
      // What a test needs is in the name of its file: `*.pure.test.ts` needs no server,
      { test: { name: 'pure', include: [pure] } },
      // `*.machine.test.ts` a machine: it starts programs or servers, stores large sets, or needs a
      // process of its own for what it changes or looks at there,
      {
        test: {
          name: 'machine',
          include: [machine],
          exclude: isAnotherVersion ? sameForAllVersions : [],
          globalSetup,
          isolate: true,
        },
      },
      // and any other a database. The examples import this package by its name.
      {
        ssr: { resolve: { conditions: ['@azora/source', 'node'] } },
        test: {
          name: 'database',
          include: ['tests/**/*.test.ts'],
          exclude: [pure, machine],
          globalSetup,
        },
      },
    ],
    // Processes, because tests change the environment. One runs many files of the other projects,
    // because to load the library takes longer than most of them.
    pool: 'forks',
    isolate: false,
    env,
    // The tests wait for the server more than they compute.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: MachineFirst },
    // For machines that are busy with other things; no test measures time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    ...(jsonFile ? { reporters: ['default', ['json', { outputFile: jsonFile }]] } : {}),
  },
});
