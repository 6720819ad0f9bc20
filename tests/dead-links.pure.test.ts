import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findDeadLinks } from '../scripts/dead-links.ts';

describe('findDeadLinks', () => {
  let root: string;

  const store = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const find = (text: string, shipped: string[] = []) => {
    store('docs/page.md', text);
    return findDeadLinks(root, ['docs/page.md'], new Set(shipped));
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'azora-links-'));
    store('docs/other.md', '# Other\n\n## The `two` commands\n\n## Twice\n\n## Twice\n');
    store('src/queries/a.ts', '');
    store('tests/b.test.ts', '');
  });

  afterAll(() => rmSync(root, { recursive: true }));

  test('follows links to files, folders, headings and images as GitHub does', () => {
    const text = `# Page
[a](other.md) [b](other.md#the-two-commands) [c](other.md#twice-1) [d](#page) [e](../src/queries)
[f](https://example.com/none) ![g](../src/queries/a.ts) [h][ref] \`tests/b.test.ts\`

[ref]: ./other.md`;
    expect(find(text)).toEqual([]);
  });

  test.each([
    ['[a](none.md)', 'none.md is not there'],
    ['![a](none.svg)', 'none.svg is not there'],
    ['[a](other.md#none)', 'other.md#none has no such heading'],
    ['[a](#none)', '#none has no such heading'],
    ['[a](../../other.md)', '../../other.md leads out of the repository'],
    ['[a](/docs/other.md)', '/docs/other.md leads out of the repository'],
    ['| a |\n| --- |\n| [a](none.md) |', 'none.md is not there'],
    ['`tests/none.test.ts`', 'tests/none.test.ts is not there'],
  ])('names %j', (text, fault) => {
    expect(find(text)).toEqual([`docs/page.md: ${fault}`]);
  });

  test('leaves links in blocks of code alone', () => {
    expect(find('```md\n[a](none.md)\n```')).toEqual([]);
  });

  test('names what a page of the package refers to and the package lacks', () => {
    const text = '[a](other.md) [b](../src/queries/a.ts) [c](../src) [d](../tests)';
    expect(find(text, ['docs/page.md', 'docs/other.md', 'src/index.ts'])).toEqual([
      'docs/page.md: ../src/queries/a.ts is not in the package',
      'docs/page.md: ../tests is not in the package',
    ]);
  });
});
