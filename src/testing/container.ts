import { randomBytes } from 'node:crypto';
import { installHint } from '../install-hint.ts';
import { TestingError } from './errors.ts';

/** A server in a container. */
export interface ContainerServer {
  url: string;
  stop(): Promise<void>;
}

const USER = 'postgres';

/** Whether a container runtime answers; else why Testcontainers cannot be used here. */
export async function findContainerProblem(): Promise<string | null> {
  const install = installHint(['testcontainers', '@testcontainers/postgresql']);
  try {
    await import('@testcontainers/postgresql');
  } catch {
    return `@testcontainers/postgresql is not installed: ${install}`;
  }
  try {
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    return null;
  } catch {
    return 'no Docker answers here';
  }
}

/**
 * Starts PostgreSQL from the image, with its data in memory. Testcontainers' own reaper removes the
 * container if this process dies, unless TESTCONTAINERS_RYUK_DISABLED is set.
 */
export async function startContainer(
  image: string,
  settings: Record<string, string>,
): Promise<ContainerServer> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const password = randomBytes(24).toString('hex');
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    const container = await new PostgreSqlContainer(image)
      .withUsername(USER)
      .withPassword(password)
      .withDatabase('postgres')
      // Not below /var/lib/postgresql: images of different majors declare different volumes there.
      .withTmpFs({ '/azora-data': 'rw' })
      .withEnvironment({ PGDATA: '/azora-data/postgres' })
      .withSharedMemorySize(256 * 1024 * 1024)
      .withCommand(['postgres', ...flags])
      .start();
    const address = `${container.getHost()}:${container.getPort()}`;
    return {
      url: `postgresql://${USER}:${password}@${address}/postgres?sslmode=disable`,
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    throw new TestingError(
      'TEST_DATABASE_UNAVAILABLE',
      `The image ${image} did not start: ` +
        `${(error instanceof Error ? error.message : String(error)).trim()}. ` +
        'TEST_POSTGRES_IMAGE names another one.',
      { cause: error },
    );
  }
}
