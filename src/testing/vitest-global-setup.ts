import type { TestProject } from 'vitest/node';
import { startTestServer, type TestServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run; `useTestDatabase` makes databases on it. */
    azoraTestServerUrl: string;
    /** The root folder of the project that the test belongs to. */
    azoraTestRoot: string;
  }
}

/** Vitest loads this module once a project, so what its projects share is kept outside of it. */
const shared = globalThis as { azoraTestServer?: { server: Promise<TestServer>; users: number } };

/**
 * For `globalSetup` of a Vitest configuration: one server a run, and the first line says which.
 * `project` is what Vitest calls it with.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.azoraTestServer ??= { server: startAndTell(), users: 0 };
  const running = shared.azoraTestServer;
  running.users += 1;
  const { url, stop } = await running.server;
  project.provide('azoraTestServerUrl', url);
  project.provide('azoraTestRoot', project.config.root);
  return async () => {
    running.users -= 1;
    if (running.users > 0) return;
    delete shared.azoraTestServer;
    await stop();
  };
}

async function startAndTell(): Promise<TestServer> {
  const server = await startTestServer();
  console.log(server.description);
  return server;
}
