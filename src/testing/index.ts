export { dropLeftovers } from './clean-up.ts';
export { TestingError, type TestingErrorCode } from './errors.ts';
export * from './factories/index.ts';
export { startTestServer, type TestServer, type TestServerOptions } from './server.ts';
export {
  createEmptyTestDatabase,
  createTestDatabase,
  type TestDatabase,
  type TestDatabaseOptions,
} from './test-database.ts';
