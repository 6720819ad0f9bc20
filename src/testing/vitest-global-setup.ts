import type { TestProject } from 'vitest/node';
import { startTestServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run; `useTestDatabase` makes databases on it. */
    azoraTestServerUrl: string;
  }
}

/** For `globalSetup` of a Vitest configuration: one server a run, and the first line says which. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer();
  console.log(server.description);
  project.provide('azoraTestServerUrl', server.url);
  return server.stop;
}
