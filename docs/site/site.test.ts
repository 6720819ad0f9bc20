import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';

// Looks at the built site, `npm run docs:site`, as a reader does.
const dist = join(import.meta.dirname, 'dist');
const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
].find((path) => path !== undefined && existsSync(path));

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const path = join(dist, decodeURI(pathname), pathname.endsWith('/') ? 'index.html' : '');
    const file = extname(path) === '' ? `${path}.html` : path;
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function listPages(): string[] {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.html')).map((file) => file.replaceAll('\\', '/'));
}

describe('the links of the site', () => {
  const texts = new Map(listPages().map((page) => [page, readFileSync(join(dist, page), 'utf8')]));
  const ids = new Map(
    [...texts].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );

  function isThere(page: string, target: string): boolean {
    const { pathname, hash } = new URL(target, `http://site/${page}`);
    const path = posix.normalize(decodeURI(pathname)).slice(1);
    const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
    const found = [file, `${file}.html`].find(
      (name) => existsSync(join(dist, name)) && statSync(join(dist, name)).isFile(),
    );
    if (found === undefined) return false;
    return hash === '' || ids.get(found)?.has(decodeURIComponent(hash.slice(1))) !== false;
  }

  test('lead to pages and headings that are there', () => {
    assert(texts.size > 50, `${texts.size} pages`);
    const dead = [...texts].flatMap(([page, text]) =>
      [...text.matchAll(/ (?:href|src)="([^"]+)"/g)]
        .map(([, target = '']) => target.replaceAll('&amp;', '&'))
        .filter(
          (target) => !/^(https?:|mailto:|data:|#VPContent)/.test(target) && !isThere(page, target),
        )
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual([...new Set(dead)], []);
  });
});

const skip =
  executablePath === undefined &&
  'no Chromium here: apt-get install chromium, or name one in CHROMIUM';
if (skip) console.log(`The site was not opened in a browser: ${skip}`);

describe('the site in a browser', { skip }, () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let url: string;
  const complaints: string[] = [];

  before(async () => {
    server = await serve();
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // As root, which CI is, Chromium has no sandbox.
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox'],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
        complaints.push(`asks ${request.url()}`);
    });
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  test('begins with what it is and leads to the first steps', async () => {
    await page.goto(url);
    await page.getByRole('heading', { name: '@azora/db' }).waitFor();
    await page.getByRole('link', { name: 'First steps' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'First steps in a service' }).waitFor();
  });

  test('finds transfer, and shows its SQL', async () => {
    await page.goto(url);
    await page.getByRole('button', { name: 'Search' }).first().click();
    await page.getByRole('searchbox').fill('transfer');
    await page
      .locator('.result', { hasText: 'Queries of finance' })
      .filter({ hasText: /transfer$/ })
      .first()
      .click();
    await page.waitForURL(/queries\/finance.*#transfer$/);
    const sql = page.locator('#transfer ~ .language-sql').first();
    await sql.waitFor();
    assert.match(await sql.innerText(), /from finance\.post_transfer\(/);
    assert.equal(
      await page
        .locator('#transfer')
        .evaluate((heading) => heading.getBoundingClientRect().top < 900),
      true,
    );
  });

  test('draws every diagram in a size in which it can be read', async () => {
    for (const area of ['identity', 'education', 'finance', 'marketplace', 'ai', 'platform']) {
      await page.goto(`${url}/docs/reference/schema/${area}.html`);
      assert((await textSize(page)) >= 9, `${area} is too small`);
    }
    await page.goto(`${url}/docs/reference/schema.html`);
    assert((await textSize(page)) >= 9, 'the diagram of all is too small');
  });

  test('complains of nothing, and asks no other server', () => {
    assert.deepEqual(complaints, []);
  });
});

/** How large the text of the page's diagram is, in pixels of the screen. */
async function textSize(page: Page): Promise<number> {
  const image = page.locator('.vp-doc img').first();
  await image.waitFor();
  const shown = await image.evaluate(async (element: HTMLImageElement) => {
    await element.decode();
    const { width } = element.getBoundingClientRect();
    return { width, natural: element.naturalWidth, source: element.src };
  });
  const svg = await (await page.request.get(shown.source)).text();
  const size = Number(/font-size="([\d.]+)"/.exec(svg)?.[1]);
  // A file of Graphviz counts in points.
  return ((size * 4) / 3) * (shown.width / shown.natural);
}
