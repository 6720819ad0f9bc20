import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const entry = new URL('../../src/embedded/index.ts', import.meta.url).href;

/** A Node process of its own that runs `body` with everything the module exports. */
export function spawnWithEmbedded(body: string, options: ChildOptions = {}): ChildProcess {
  const { node = process.execPath, module = entry, ...rest } = options;
  const script = `import * as embedded from ${JSON.stringify(module)};\n${body}`;
  const child = spawn(node, ['--input-type=module', '--eval', script], {
    ...rest,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // For the tests that fail before it has ended.
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** The same, waited for: what it printed, as JSON. */
export async function runWithEmbedded<T>(body: string, options: ChildOptions = {}): Promise<T> {
  const child = spawnWithEmbedded(body, options);
  if (!child.stdout || !child.stderr) throw new Error('no pipes');
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (output === '') throw new Error(`the child printed nothing but: ${complaint}`);
  return JSON.parse(output) as T;
}

interface ChildOptions {
  node?: string;
  module?: string;
  cwd?: string;
  uid?: number;
  gid?: number;
}
