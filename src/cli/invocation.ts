import type { Command } from 'commander';
import type { Invocation } from './fail.ts';
import type { Need } from './grants.ts';

const needs: Readonly<Record<string, Need>> = {
  start: 'books',
  status: 'books',
  audit: 'read',
  verify: 'read',
  doctor: 'inspect',
  seed: 'write',
  'import esco': 'write',
  studio: 'write',
  migrate: 'own',
  push: 'own',
  reset: 'own',
  setup: 'own',
  quickstart: 'own',
};

/** What was asked for, read from the words themselves: they may be none that can be parsed. */
export function invocationOf(program: Command, args: readonly string[]): Invocation {
  const names: string[] = [];
  let command = program;
  for (const word of args) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    names.push(word);
    command = next;
  }
  const name = names.length === 0 ? null : names.join(' ');
  // A large set brings a history, which is the owner's to do.
  const isLarge = name === 'seed' && args.some((word) => /^--scale(?:=|$)/.test(word));
  const need = isLarge ? 'own' : needs[name ?? ''];
  return { command: name, json: args.includes('--json'), need };
}
