import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/*
 * npm run bench -- <area> [--only <name>] [--runs <n>] [--seconds <n>] [--scale <x>]
 *   [--url <postgres url>]
 *
 * Runs bench/<area>/index.ts, which prints a table and writes bench/results/<area>.json. Without a
 * URL it starts a durable PostgreSQL of its own in a temporary folder.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    runs: { type: 'string' },
    seconds: { type: 'string' },
    scale: { type: 'string' },
    url: { type: 'string' },
  },
});

const here = new URL('.', import.meta.url);
const [area] = positionals;
const areas = readdirSync(here, { withFileTypes: true })
  .filter(
    (entry) => entry.isDirectory() && !['lib', 'results', 'node_modules'].includes(entry.name),
  )
  .map((entry) => entry.name);
if (area === undefined || !areas.includes(area)) {
  console.error(`Name what to measure: ${areas.join(', ')}`);
  process.exit(1);
}

const bench: { run(options: import('./lib/options.ts').BenchOptions): Promise<void> } =
  await import(pathToFileURL(`${new URL(area, here).pathname}/index.ts`).href);
await bench.run({
  only: values.only,
  runs: values.runs === undefined ? undefined : Number(values.runs),
  seconds: values.seconds === undefined ? undefined : Number(values.seconds),
  scale: values.scale === undefined ? undefined : Number(values.scale),
  url: values.url,
});
