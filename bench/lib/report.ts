import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import Table from 'cli-table3';
import type { Result } from './measure.ts';

/** One comparison: the first result is the one that the ratios of the others are about. */
export interface Section {
  readonly title: string;
  readonly results: readonly Result[];
  /** What was found about it, such as the limiting resource. */
  readonly notes?: readonly string[];
}

/**
 * Prints the sections as tables and writes them, with the machine and the time, to
 * bench/results/<area>.json. There they replace those of the same title; others, of a run of other
 * cases, stay.
 */
export function report(area: string, server: string, sections: readonly Section[]): void {
  if (sections.length === 0) throw new Error(`no case of ${area} has a name like that`);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    server,
  };
  console.log(
    `\n${machine.cores} x ${machine.cpu}, ${machine.memoryGib} GiB, Node ${machine.node}`,
  );
  console.log(server);
  for (const section of sections) console.log(`\n${section.title}\n${tableOf(section)}`);
  const folder = new URL('../results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${area}.json`, folder);
  const takenAt = new Date().toISOString();
  const written = new Map(readSections(file).map((section) => [section.title, section]));
  for (const section of sections) written.set(section.title, { ...section, takenAt, machine });
  writeFileSync(file, `${JSON.stringify([...written.values()], null, 2)}\n`);
}

/** As they were written. */
interface Written extends Section {
  readonly takenAt: string;
  readonly machine: object;
}

function readSections(file: URL): Written[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}

function tableOf({ results, notes = [] }: Section): string {
  const table = new Table({
    head: ['', 'callers', 'per second', 'lowest - highest', 'ratio', 'p50 ms', 'p95 ms', 'p99 ms'],
    style: { head: [], border: [] },
  });
  const first = results[0]?.perSecond ?? Number.NaN;
  for (const one of results) {
    table.push([
      one.name,
      one.callers,
      round(one.perSecond),
      one.spread.map(round).join(' - '),
      (one.perSecond / first).toFixed(2),
      round(one.latency.p50),
      round(one.latency.p95),
      round(one.latency.p99),
    ]);
  }
  return [table.toString(), ...notes].join('\n');
}

function round(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}
