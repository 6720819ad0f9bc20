import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { packageRoot } from '../../src/package-root.ts';
import { rejection } from '../setup/errors.ts';
import { waitFor } from '../setup/wait-for.ts';

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface CliOptions {
  cwd: string;
  /**
   * Beside PATH, HOME and what makes Node.js start quickly, and instead of what this process has: no
   * DATABASE_URL leaks in.
   */
  env?: Record<string, string>;
  /** Another project's command than this one's. */
  main?: string;
}

const main = join(packageRoot(), 'src', 'cli', 'main.ts');

/** Runs the real command in a process of its own, without a terminal. */
export async function runCli(args: string[], options: CliOptions): Promise<CliResult> {
  const child = spawnCli(args, options);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}

/** What the command fails with, run in this process: a refusal needs none of its own to be seen. */
export async function failureOf(args: string[], { cwd, env = {} }: CliOptions): Promise<Error> {
  const before = process.cwd();
  for (const [name, value] of Object.entries({ DATABASE_URL: '', ...env })) vi.stubEnv(name, value);
  process.chdir(cwd);
  try {
    return await rejection(createProgram().parseAsync(args, { from: 'user' }));
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
  }
}

/** Starts the command without waiting for its end. */
export function spawnCli(args: string[], options: CliOptions) {
  return spawn(process.execPath, [options.main ?? main, ...args], {
    cwd: options.cwd,
    env: cleanEnv(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits until a program has said this. */
export async function waitForOutput(stream: Readable, wanted: string): Promise<void> {
  let output = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes(wanted)) break;
  }
  // What follows is read by nobody, and must not fill the pipe.
  stream.resume();
}

/** Runs it on a terminal, and types `answer` once it has printed `prompt`. */
export async function runCliOnTerminal(
  args: string[],
  options: CliOptions & { prompt: string; answer: string },
): Promise<{ code: number | null; output: string }> {
  const child = spawnOnTerminal([process.execPath, main, ...args], options);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const closed = once(child, 'close');
  await waitFor(`"${options.prompt}" in: ${output}`, () => output.includes(options.prompt));
  child.stdin?.write(options.answer);
  const [code] = await closed;
  return { code, output };
}

// On every Linux and macOS, with different arguments.
const PTY_COMMAND = 'script';

function spawnOnTerminal(command: string[], options: CliOptions): ChildProcess {
  const args =
    process.platform === 'darwin'
      ? ['-q', '/dev/null', ...command]
      : ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'];
  return spawn(PTY_COMMAND, args, {
    cwd: options.cwd,
    env: cleanEnv(options.env),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

function cleanEnv(env: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '', NODE_OPTIONS = '' } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE, NODE_OPTIONS, ...env };
}
