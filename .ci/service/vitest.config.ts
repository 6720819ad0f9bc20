import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { globalSetup: '@azora/db/testing/vitest-global-setup', include: ['*.test.ts'] },
});
