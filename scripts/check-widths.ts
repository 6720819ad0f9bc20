import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// For `npm run check`: biome's formatter wraps code, and leaves comments, texts and SQL as they are.
const MOST = 100;

const files = ['src', 'seeds', 'bench']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  .filter((path) => /\.(ts|sql)$/.test(path) && !path.includes('node_modules'));

for (const file of files.sort()) {
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const width = [...line].length;
    if (width <= MOST) continue;
    console.error(`${file}:${index + 1} is ${width} columns wide, of ${MOST}`);
    process.exitCode = 1;
  }
}
