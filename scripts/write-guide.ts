import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { marked } from 'marked';

/*
 * Usage: node scripts/write-guide.ts <guide.md> <folder>
 *
 * Writes what a guide has its reader type: each block that begins with a path in a comment as that
 * file, the JSON as tsconfig.json, the blocks of `sh` one after another as steps.sh, and what they
 * print as expected.txt.
 */
const [guide = '', folder = ''] = process.argv.slice(2);

function store(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${text}\n`);
}

const steps: string[] = [];
const expected: string[] = [];
marked.walkTokens(marked.lexer(readFileSync(guide, 'utf8')), (token) => {
  if (token.type !== 'code') return;
  const path = /^(?:\/\/|#) (\S+\.\w+)\n/.exec(token.text)?.[1];
  if (path !== undefined) store(path, token.text);
  else if (token.lang === 'json') store('tsconfig.json', token.text);
  else if (token.lang === 'sh') steps.push(token.text);
  else if (token.lang === 'text') expected.push(token.text);
});
store('steps.sh', ['set -euxo pipefail', ...steps].join('\n'));
store('expected.txt', expected.join('\n'));
