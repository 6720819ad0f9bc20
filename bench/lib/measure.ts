import { median, percentile } from './stats.ts';

/**
 * One way to do the same work. `operation` does it once (or `units` times) and is called by
 * `callers` at once.
 */
export interface Contender {
  readonly name: string;
  readonly callers?: number;
  /**
   * How many units of work one call of `operation` is, such as the transfers of a batch. Default 1.
   */
  readonly units?: number;
  operation(call: number, caller: number): Promise<unknown>;
  /** Before each run of this contender; not measured. */
  prepare?(): Promise<unknown>;
}

export interface Result {
  readonly name: string;
  readonly callers: number;
  /** Units of work a second: the median of the runs. */
  readonly perSecond: number;
  /** The lowest and the highest run. */
  readonly spread: readonly [number, number];
  /** Milliseconds of one operation over all runs. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly runs: readonly number[];
}

export interface MeasureOptions {
  readonly runs?: number | undefined;
  /** The length of one run of one contender. */
  readonly seconds?: number | undefined;
}

/**
 * Measures the contenders in turns, so that whatever else the machine does meets all of them: each
 * runs for `seconds`, then the next, `runs` times over (default 5 times 2 seconds), after one
 * unmeasured turn.
 */
export async function measure(
  contenders: readonly Contender[],
  { runs = 5, seconds = 2 }: MeasureOptions = {},
): Promise<Result[]> {
  const rates = new Map<Contender, number[]>(contenders.map((one) => [one, []]));
  const latencies = new Map<Contender, number[]>(contenders.map((one) => [one, []]));
  let calls = 0;
  for (let run = 0; run <= runs; run += 1) {
    for (const contender of contenders) {
      await contender.prepare?.();
      const isWarmUp = run === 0;
      const times: number[] = [];
      const started = performance.now();
      const end = started + (isWarmUp ? Math.min(seconds, 1) : seconds) * 1_000;
      const callers = Array.from({ length: contender.callers ?? 1 }, async (_, caller) => {
        while (performance.now() < end) {
          const before = performance.now();
          calls += 1;
          await contender.operation(calls, caller);
          times.push(performance.now() - before);
        }
      });
      await Promise.all(callers);
      if (isWarmUp) continue;
      const elapsed = (performance.now() - started) / 1_000;
      rates.get(contender)?.push((times.length * (contender.units ?? 1)) / elapsed);
      const all = latencies.get(contender);
      for (const time of times) all?.push(time);
    }
  }
  return contenders.map((contender) => {
    const measured = rates.get(contender) ?? [];
    const times = latencies.get(contender) ?? [];
    return {
      name: contender.name,
      callers: contender.callers ?? 1,
      perSecond: median(measured),
      spread: [Math.min(...measured), Math.max(...measured)],
      latency: {
        p50: percentile(times, 0.5),
        p95: percentile(times, 0.95),
        p99: percentile(times, 0.99),
      },
      runs: measured,
    };
  });
}
