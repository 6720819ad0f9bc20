// The tests of this library use what services get.
export { testServerUrl, useEmptyTestDatabase, useTestDatabase } from '../../src/testing/vitest.ts';
