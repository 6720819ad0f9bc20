import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, normalize, posix } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked, type Token } from 'marked';

interface Links {
  readonly targets: readonly string[];
  readonly anchors: ReadonlySet<string>;
  /** Files of tests that are named as code: a link would lead nowhere in the package. */
  readonly tests: readonly string[];
}

/**
 * Every link of the pages that leads nowhere, one a line: to a file that is not there, or to a
 * heading that its page does not have; on a page that is in `shipped`, also to a file that is not.
 *
 * @param pages paths of Markdown files in `root`, with slashes
 * @param shipped the files of the package
 */
export function findDeadLinks(root: string, pages: string[], shipped: ReadonlySet<string>) {
  const known = new Map<string, Links>();
  const read = (page: string) => {
    const links = known.get(page) ?? readLinks(readFileSync(join(root, page), 'utf8'));
    known.set(page, links);
    return links;
  };

  const explain = (page: string, target: string): string | undefined => {
    const [path = '', anchor] = decodeURI(target).split('#');
    const file = path === '' ? page : toPath(posix.join(posix.dirname(page), path));
    if (path.startsWith('/') || file.startsWith('..')) return 'leads out of the repository';
    if (!existsSync(join(root, file))) return 'is not there';
    const isFolder = statSync(join(root, file)).isDirectory();
    if (shipped.has(page) && !isShipped(file, isFolder, shipped)) return 'is not in the package';
    if (anchor === undefined || !file.endsWith('.md')) return undefined;
    return read(file).anchors.has(anchor) ? undefined : 'has no such heading';
  };

  return pages.flatMap((page) => {
    const { targets, tests } = read(page);
    const links = targets.map((target) => ({ target, fault: explain(page, target) }));
    const named = tests.map((target) => ({
      target,
      fault: existsSync(join(root, target)) ? undefined : 'is not there',
    }));
    return [...links, ...named]
      .filter(({ fault }) => fault !== undefined)
      .map(({ target, fault }) => `${page}: ${target} ${fault}`);
  });
}

const toPath = (path: string) => normalize(path).replaceAll('\\', '/').replace(/\/$/, '');

function isShipped(file: string, isFolder: boolean, shipped: ReadonlySet<string>): boolean {
  return isFolder ? [...shipped].some((path) => path.startsWith(`${file}/`)) : shipped.has(file);
}

function readLinks(markdown: string): Links {
  const slugger = new GithubSlugger();
  const targets: string[] = [];
  const tests: string[] = [];
  const anchors = new Set<string>();
  marked.walkTokens(marked.lexer(markdown), (token) => {
    if (token.type === 'heading') anchors.add(slugger.slug(plain(token.tokens)));
    if (token.type === 'codespan' && /^tests\/[\w/.-]+\.ts$/.test(token.text))
      tests.push(token.text);
    if (token.type !== 'link' && token.type !== 'image') return;
    if (!/^[a-z]+:/.test(token.href)) targets.push(token.href);
  });
  return { targets, anchors, tests };
}

const plain = (tokens: Token[] = []): string =>
  tokens
    .map((token) => ('tokens' in token ? plain(token.tokens) : 'text' in token ? token.text : ''))
    .join('');
