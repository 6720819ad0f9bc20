import { openBenchDatabase } from '../../lib/server.ts';
import { fill } from '../data.ts';
// build.ts url source jobs: makes a database of bench and leaves it, renamed to <source>_<jobs>.
const [url, source, jobs] = process.argv.slice(2) as [string, 'esco' | 'zipf', string];
const started = performance.now();
const bench = await openBenchDatabase(url, 4, `_${source}${jobs}`);
console.log(bench.url);
await fill(bench, source, Number(jobs));
console.log(source, jobs, 'filled in', Math.round((performance.now() - started) / 1000), 's', bench.url);
process.exit(0);
