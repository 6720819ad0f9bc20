import { afterEach, expect, it, vi } from 'vitest';
import {
  createEmptyTestDatabase,
  createTestDatabase,
  dropLeftovers,
  startTestServer,
} from '../../src/testing/index.ts';
import { testServerUrl } from '../../src/testing/vitest.ts';
import { rejection } from '../setup/errors.ts';

afterEach(() => vi.unstubAllEnvs());

/** A developer's own, which no test may write to; nothing answers there. */
function stubDeveloper(): void {
  vi.stubEnv('DATABASE_URL', 'postgresql://me@127.0.0.1:1/mine');
  for (const [name, value] of Object.entries({ PGHOST: '127.0.0.1', PGPORT: '1' })) {
    vi.stubEnv(name, value);
  }
}

// The pure tests of this project have no global setup.
it('says what to write into the configuration where the global setup is missing', () => {
  stubDeveloper();
  expect(testServerUrl).toThrow(
    expect.objectContaining({
      name: 'TestingError',
      code: 'TEST_SETUP_MISSING',
      message: expect.stringContaining(
        `test: { globalSetup: ['@azora/db/testing/vitest-global-setup'] }`,
      ),
    }),
  );
});

it.each([
  undefined,
  null,
  '',
  'postgresql://',
  'postgresql:///postgres',
  'mysql://h/x',
  '127.0.0.1',
])(
  'makes no database where %s names no server, whatever the environment says',
  async (serverUrl) => {
    stubDeveloper();
    const url = serverUrl as string;
    for (const made of [
      createTestDatabase({ serverUrl: url }),
      createEmptyTestDatabase(url),
      dropLeftovers(url),
    ]) {
      expect(await rejection(made)).toMatchObject({
        name: 'InvalidInputError',
        field: 'serverUrl',
      });
    }
  },
);

it('refuses a TEST_DATABASE without a host, which PGHOST would fill in', async () => {
  stubDeveloper();
  for (const database of ['postgresql:///postgres', 'postgresql://', 'postgres://[']) {
    vi.stubEnv('TEST_DATABASE', database);
    expect(await rejection(startTestServer())).toMatchObject({ code: 'TEST_DATABASE_INVALID' });
  }
});

it('says so where no server answers', async () => {
  const refused = createTestDatabase({ serverUrl: 'postgresql://me:secret@127.0.0.1:1/postgres' });
  const error = await rejection(refused);
  expect(error).toMatchObject({ name: 'TestingError', code: 'TEST_DATABASE_UNAVAILABLE' });
  expect(error.message).toContain('127.0.0.1:1/postgres: connect ECONNREFUSED');
  expect(error.message).not.toContain('secret');
});
