import { SingleBar } from 'cli-progress';

// Results go to standard output, so that they can be piped; what is only told on the way does not.

/** Prints a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tells what is going on. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface Progress {
  /** Something else begins. */
  step(label: string): void;
  /** `value` of the total is done. */
  advance(value: number): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line for each step, and for each tenth of a large total. */
export function startProgress(total: number): Progress {
  return process.stderr.isTTY ? startBar(total) : startLines(total);
}

function startBar(total: number): Progress {
  const bar = new SingleBar({
    format: '{bar} {percentage}% {value}/{total} {label}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0, { label: '' });
  return {
    step: (label) => bar.update({ label }),
    advance: (value) => bar.update(value),
    stop: () => bar.stop(),
  };
}

const SMALL_TOTAL = 100;

function startLines(total: number): Progress {
  let lastTenth = 0;
  return {
    step: tell,
    advance(value) {
      const tenth = Math.floor((10 * value) / Math.max(total, 1));
      if (total > SMALL_TOTAL && tenth > lastTenth) tell(`${10 * tenth}%`);
      lastTenth = tenth;
    },
    stop: () => undefined,
  };
}
