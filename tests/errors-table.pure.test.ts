import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { constraintRules } from '../src/db/constraint-rules.ts';
import { toRejection } from '../src/queries/finance/errors.ts';
import { failureCode } from '../src/schema/finance/transactions.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');

/** The rows of the table under a heading, without the backticks of the first two columns. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)].map((row) =>
    row.slice(1),
  );
}

const sources = ['src', 'seeds'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8')),
);

/** Every code in the source, with the class that is thrown with it. */
function thrown(): Set<string> {
  const found = new Set<string>();
  const add = (code: string | undefined, name: string | undefined) => found.add(`${code} ${name}`);
  for (const text of sources) {
    for (const [, name, code] of text.matchAll(/new (\w+Error)\(\s*'([A-Z][A-Z_]+)'/g)) {
      add(code, name);
    }
    for (const [, union, codes = ''] of text.matchAll(/type (\w+Error)Code =([^;]+);/g)) {
      for (const [, code] of codes.matchAll(/'([A-Z_]+)'/g)) add(code, union);
    }
    for (const piece of text.split(/^export /m)) {
      const name = /^class (\w+Error)\b/.exec(piece)?.[1];
      if (name === undefined) continue;
      for (const [, code] of piece.matchAll(/super\(\s*'([A-Z_]+)'/g)) add(code, name);
    }
  }
  for (const code of failureCode.enumValues) {
    add(code, toRejection({ code, facts: {}, transactionId: '', requested: 1n }).name);
  }
  return found;
}

describe('docs/errors.md', () => {
  const codes = rowsUnder('Codes');

  test('has every code that the source throws, with its class', () => {
    const documented = codes.map(([code, name]) => `${code} ${name}`);
    expect(documented.toSorted()).toEqual([...thrown()].toSorted());
  });

  test('has one class for each code, and so has the source', () => {
    const names = codes.map(([code]) => code);
    expect(names).toEqual([...new Set(names)]);
  });

  test('says what each constraint means in the words that are thrown', () => {
    const rules = Object.entries(constraintRules).map(([constraint, rule]) => {
      const error = rule();
      return [constraint, error.name, error.message];
    });
    expect(rowsUnder('Constraints')).toEqual(rules);
  });
});
