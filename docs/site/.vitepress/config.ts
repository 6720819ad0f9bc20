import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked, type Token } from 'marked';
import { defineConfig } from 'vitepress';

const site = join(import.meta.dirname, '..');

interface Group {
  text: string;
  collapsed: boolean;
  items: { text: string; link: string }[];
}

/** The groups of docs/README.md, so that there is one reading order. */
function readSidebar(): Group[] {
  const groups: Group[] = [];
  marked.walkTokens(
    marked.lexer(readFileSync(join(site, '..', 'README.md'), 'utf8')),
    (token: Token) => {
      if (token.type === 'heading' && token.depth === 2) {
        groups.push({ text: token.text, collapsed: false, items: [] });
      }
      if (token.type === 'link') {
        const { pathname } = new URL(token.href, 'file:///docs/');
        groups.at(-1)?.items.push({ text: token.text, link: pathname.replace(/\.md$/, '') });
      }
    },
  );
  return groups;
}

export default defineConfig({
  title: '@azora/db',
  description: 'The SQL-first PostgreSQL data layer of Azora OS',
  // Without one, a browser asks for /favicon.ico.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  markdown: {
    // The pages have none, and what looks like a tag is meant as text.
    html: false,
    // Links to headings are written as GitHub numbers them.
    anchor: { slugify: (text) => new GithubSlugger().slug(text) },
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/docs/README' },
      { text: 'Queries', link: '/docs/reference/queries' },
      { text: 'Schema', link: '/docs/reference/schema' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: readSidebar(),
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // Rendered once more for the index: not those that are not in it.
        _render: (text, env, md) =>
          text.startsWith('---\nsearch: false\n') ? '' : md.render(text, env),
      },
    },
  },
});
