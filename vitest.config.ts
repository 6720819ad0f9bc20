import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

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
