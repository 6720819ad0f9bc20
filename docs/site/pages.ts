import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { marked } from 'marked';

/*
 * Writes the pages of the site into .pages, under the paths that they have in the repository:
 * every page of Markdown, and a page for each source file that one of them links to, so that no
 * link leaves the site.
 */

const root = join(import.meta.dirname, '..', '..');
const pages = join(import.meta.dirname, '.pages');

function store(file: string, text: string): void {
  mkdirSync(dirname(join(pages, file)), { recursive: true });
  writeFileSync(join(pages, file), text);
}

function listMarkdown(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  return files.filter((file) => existsSync(join(root, file)) && /^(?!docs\/site\/).+/.test(file));
}

function listTargets(markdown: string): Set<string> {
  const targets = new Set<string>();
  marked.walkTokens(marked.lexer(markdown), (token) => {
    if ((token.type === 'link' || token.type === 'image') && !/^([a-z]+:|#)/.test(token.href)) {
      targets.add(token.href);
    }
  });
  return targets;
}

/** A link to a source file leads to its page. A folder and a hidden file have none, and no link. */
function redirect(page: string, markdown: string, sources: Set<string>): string {
  let text = markdown;
  for (const target of listTargets(markdown)) {
    const file = posix.join(posix.dirname(page), target.replace(/#.*/, ''));
    if (extname(file) === '.md') continue;
    if (extname(file) === '.svg') {
      cpSync(join(root, file), join(pages, file));
      cpSync(join(root, file), join(pages, 'public', file));
    } else if (statSync(join(root, file)).isDirectory() || posix.basename(file).startsWith('.')) {
      text = text.replaceAll(
        new RegExp(`\\[([^\\]]*)\\]\\(${RegExp.escape(target)}\\)`, 'g'),
        '$1',
      );
    } else {
      sources.add(file);
      text = text.replaceAll(`](${target})`, `](${target}.md)`);
    }
  }
  return text;
}

function writeSource(file: string): void {
  const language = extname(file).slice(1) || 'text';
  const code = readFileSync(join(root, file), 'utf8').trimEnd();
  const head = '---\nsearch: false\naside: false\nprev: false\nnext: false\n---\n';
  store(
    `${file}.md`,
    `${head}\n# ${posix.basename(file)}\n\n\`${file}\`\n\n\`\`\`\`${language}\n${code}\n\`\`\`\`\n`,
  );
}

rmSync(pages, { recursive: true, force: true });
const sources = new Set<string>();
for (const page of listMarkdown()) {
  const text = readFileSync(join(root, page), 'utf8');
  const isWide = /^docs\/reference\/schema/.test(page);
  const head = isWide ? '---\npageClass: diagram\naside: false\n---\n\n' : '';
  store(page, `${head}${redirect(page, text, sources)}`);
}
for (const file of sources) writeSource(file);
cpSync(join(import.meta.dirname, 'index.md'), join(pages, 'index.md'));
