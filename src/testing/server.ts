import { startEmbedded } from '../embedded/index.ts';
import { requireObject } from '../require-object.ts';
import { namesServer, withAdmin } from './admin.ts';
import { dropLeftovers } from './clean-up.ts';
import { findContainerProblem, startContainer } from './container.ts';
import { TestingError } from './errors.ts';

/** Which server serves the tests. Every field defaults to its environment variable. */
export interface TestServerOptions {
  /**
   * `testcontainers`, `embedded` or the URL of a server: that one or an error. Default:
   * TEST_DATABASE, else Testcontainers if an image is named, or where Docker answers and gives one,
   * else embedded.
   */
  database?: string | undefined;
  /**
   * The major version. Default: TEST_POSTGRES, else 18. A server named by URL has to be of it if it
   * is given.
   */
  major?: number | undefined;
  /**
   * For Testcontainers: this one or an error. Default: TEST_POSTGRES_IMAGE, else
   * `postgres:<major>-alpine`.
   */
  image?: string | undefined;
}

/** A server that databases for tests can be made on. */
export interface TestServer {
  /** Of a maintenance database; the user may create databases. */
  url: string;
  /**
   * Which server it is, for people:
   * `PostgreSQL 18.4 from Testcontainers (image postgres:18-alpine)`.
   */
  description: string;
  /** Stops what was started; a server named by URL stays as it is. */
  stop(): Promise<void>;
}

const DEFAULT_MAJOR = 18;

/**
 * Nothing in a test database outlives the run, so no commit waits for a disk. Autovacuum would
 * update statistics at a time of its own, and plans that tests look at with them.
 */
const SETTINGS: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  max_connections: '200',
  timezone: 'UTC',
};

interface Choice {
  database: string | undefined;
  major: number | undefined;
  image: string | undefined;
}

/**
 * Starts the server that one run of tests needs, durability off, or looks at the one it was given.
 *
 * @throws TestingError if the one asked for is not there: it never takes another instead
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  requireObject('options', options);
  const choice = readChoice(options);
  if (choice.database === 'testcontainers') {
    return startInContainer(choice, 'testcontainers');
  }
  if (choice.database === 'embedded') return startFromPackage(choice, 'embedded');
  if (choice.database !== undefined) return useServer(choice.database, choice.major);
  // Who names an image wants that one, and no other server instead.
  if (choice.image !== undefined) return startInContainer(choice, `the image ${choice.image}`);
  return startWhatIsHere(choice);
}

async function startInContainer(choice: Choice, what: string): Promise<TestServer> {
  const problem = await findContainerProblem();
  if (problem) throw unavailable(what, problem);
  return startFromImage(choice);
}

async function startWhatIsHere(choice: Choice): Promise<TestServer> {
  let problem = await findContainerProblem();
  if (!problem) {
    try {
      return await startFromImage(choice);
    } catch (error) {
      if (!(error instanceof TestingError)) throw error;
      problem = error.message;
    }
  }
  return startFromPackage(choice, `embedded: ${problem}`);
}

async function startFromImage(choice: Choice): Promise<TestServer> {
  const image = choice.image ?? `postgres:${choice.major ?? DEFAULT_MAJOR}-alpine`;
  const { url, stop } = await startContainer(image, SETTINGS);
  try {
    const version = await readVersion(url, choice.major);
    return { url, stop, description: `PostgreSQL ${version} from Testcontainers (image ${image})` };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startFromPackage(choice: Choice, how: string): Promise<TestServer> {
  const server = await startEmbedded({
    ephemeral: true,
    inMemory: true,
    version: choice.major ?? DEFAULT_MAJOR,
    settings: SETTINGS,
  });
  return {
    url: server.url,
    description: `PostgreSQL ${server.serverVersion} ${how}`,
    stop: server.stop,
  };
}

async function useServer(url: string, major?: number): Promise<TestServer> {
  const { host, pathname } = new URL(url);
  const version = await readVersion(url, major);
  await dropLeftovers(url);
  return {
    url,
    description: `PostgreSQL ${version} at ${host}${pathname} (TEST_DATABASE)`,
    stop: async () => {},
  };
}

async function readVersion(url: string, major?: number): Promise<string> {
  const version = await withAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version.split(' ')[0] ?? '';
  });
  if (major !== undefined && Number.parseInt(version, 10) !== major) {
    throw new TestingError(
      'TEST_POSTGRES_MISMATCH',
      `PostgreSQL ${major} was asked for, and the server is ${version}.`,
    );
  }
  return version;
}

function readChoice(options: TestServerOptions): Choice {
  const { TEST_DATABASE, TEST_POSTGRES, TEST_POSTGRES_IMAGE } = process.env;
  const database = options.database ?? (TEST_DATABASE || undefined);
  const major = options.major ?? (TEST_POSTGRES ? Number(TEST_POSTGRES) : undefined);
  if (major !== undefined && !Number.isInteger(major)) {
    throw invalid(`TEST_POSTGRES has to be a major version, such as 18, not ${TEST_POSTGRES}.`);
  }
  if (
    database !== undefined &&
    !['testcontainers', 'embedded'].includes(database) &&
    !namesServer(database)
  ) {
    throw invalid(
      'TEST_DATABASE has to be testcontainers, embedded or a postgresql:// URL with its host.',
    );
  }
  return { database, major, image: options.image ?? (TEST_POSTGRES_IMAGE || undefined) };
}

function invalid(message: string): TestingError {
  return new TestingError('TEST_DATABASE_INVALID', message);
}

function unavailable(what: string, problem: string): TestingError {
  return new TestingError(
    'TEST_DATABASE_UNAVAILABLE',
    `The tests were told to use ${what}, which is not there: ${problem}.`,
  );
}
