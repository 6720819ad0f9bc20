import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { seedDemo } from '../seeds/demo/index.ts';
import { useTestDatabase } from './setup/test-database.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
const readRoot = (file: string) => readFile(join(root, file), 'utf8');

async function outputOf(args: string[], url: string): Promise<string> {
  const env = { ...process.env, DATABASE_URL: url };
  return (await run(process.execPath, args, { cwd: root, env })).stdout;
}

describe('the tour', () => {
  const database = useTestDatabase();

  test('of the README is examples/tour.ts, and prints what the README shows', async () => {
    await seedDemo(database.db);
    const output = await outputOf(['--conditions=@azora/source', 'scripts/tour.ts'], database.url);
    const readme = await readRoot('README.md');
    expect(readme).toContain(`\`\`\`ts\n${await readRoot('examples/tour.ts')}\`\`\``);
    expect(readme).toContain(`\`\`\`text\n${output}\`\`\``);
  });
});

describe('an example', () => {
  const database = useTestDatabase();

  test.each([
    ['examples/own-tables.ts', 'docs/transactions.md'],
    ['examples/tracing.ts', 'docs/tracing.md'],
  ])('is %s, and prints what %s shows', async (example, guide) => {
    await seedDemo(database.db);
    const output = await outputOf(['--conditions=@azora/source', example], database.url);
    const text = await readRoot(guide);
    expect(text).toContain(`\`\`\`ts\n${await readRoot(example)}\`\`\``);
    expect(text).toContain(`\`\`\`text\n${output}\`\`\``);
  });
});

describe('quickstart', () => {
  const database = useTestDatabase();

  test('prints what the README shows', async () => {
    const output = await outputOf(['src/cli/main.ts', 'quickstart'], database.url);
    expect(await readRoot('README.md')).toContain(`\`\`\`text\n${output}\`\`\``);
  });
});
