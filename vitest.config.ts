import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseEnv } from 'node:util';
import { defineConfig } from 'vitest/config';

// Which server the tests run on, as .env.example says; the environment wins. Nothing else of the file is for
// tests, DATABASE_URL least of all.
const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
for (const [name, value] of Object.entries(file)) {
  if (name.startsWith('TEST_')) process.env[name] ??= value;
}

const jsonFile = process.env.VITEST_JSON;

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['src/testing/vitest-global-setup.ts'],
    // A process each: tests kill connections and change the environment.
    pool: 'forks',
    // The tests wait for the server more than they compute.
    maxWorkers: Math.max(2, availableParallelism()),
    // For machines that are busy with other things; no test measures time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    ...(jsonFile ? { reporters: ['default', ['json', { outputFile: jsonFile }]] } : {}),
  },
});
