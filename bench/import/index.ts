import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { BenchOptions } from '../lib/options.ts';

const baseline = 'drizzle-orm/node-postgres';

/**
 * How long a process needs to start and import the built library, beside one that imports Drizzle's
 * driver alone: median and least of `runs` processes each, in turns, in milliseconds of both cores'
 * time and of the clock. Needs `npm run build`.
 */
export async function run(options: BenchOptions): Promise<void> {
  const library = new URL('../../dist/index.js', import.meta.url);
  if (!existsSync(library)) throw new Error('run npm run build first');
  const imports = { [baseline]: baseline, '@azora/db': library.href };
  const times = new Map<string, { cpu: number[]; clock: number[] }>();
  for (let turn = 0; turn < (options.runs ?? 21); turn++) {
    for (const [name, specifier] of Object.entries(imports)) {
      const all = times.get(name) ?? { cpu: [], clock: [] };
      times.set(name, all);
      const { cpu, clock } = load(specifier);
      all.cpu.push(cpu);
      all.clock.push(clock);
    }
  }
  const rows = [...times].map(([name, { cpu, clock }]) => ({
    name,
    cpu: median(cpu),
    clock: median(clock),
    'least cpu': Math.min(...cpu),
    'least clock': Math.min(...clock),
  }));
  const [base, ours] = rows;
  if (base === undefined || ours === undefined) throw new Error('nothing was measured');
  console.log(`Node ${process.version}`);
  console.table(rows);
  console.log(`ratio: cpu ${ratio(ours.cpu, base.cpu)}, clock ${ratio(ours.clock, base.clock)}`);
}

function load(specifier: string): { cpu: number; clock: number } {
  const code = `
    await import(${JSON.stringify(specifier)});
    const { user, system } = process.cpuUsage();
    process.stdout.write(String((user + system) / 1000));
  `;
  const from = performance.now();
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', code],
    { cwd: new URL('../..', import.meta.url), env: {}, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return { cpu: Math.round(Number(stdout)), clock: Math.round(performance.now() - from) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function ratio(value: number, base: number): string {
  return (value / base).toFixed(2);
}
