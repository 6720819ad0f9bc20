#!/usr/bin/env node
import { fail } from './fail.ts';
import { invocationOf } from './invocation.ts';
import { createProgram } from './program.ts';

const program = createProgram();
try {
  await program.parseAsync();
} catch (error) {
  await fail(error, invocationOf(program, process.argv.slice(2)));
}
