#!/usr/bin/env node
import { fail } from './fail.ts';
import { createProgram } from './program.ts';
import { loadEnvironment } from './target.ts';

try {
  loadEnvironment();
  await createProgram().parseAsync();
} catch (error) {
  fail(error);
}
