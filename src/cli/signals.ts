import { tell } from './output.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** SIGINT or SIGTERM while a command may not end at once; see `holdSignals`. */
export interface HeldSignals {
  /**
   * Throws if one has come: called between the steps of a command, it is where the command ends.
   */
  check(): void;
  /** Lets signals through again, and ends this process by the one that has come. */
  release(): void;
}

/**
 * Keeps the first SIGINT or SIGTERM from ending the process, so that it can clean up. A second one
 * ends it at once.
 */
export function holdSignals(): HeldSignals {
  let held: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals) => {
    held = signal;
    letThrough();
    tell('Ending after this step; once more ends at once.');
  };
  const letThrough = () => {
    for (const signal of SIGNALS) process.off(signal, hold);
  };
  for (const signal of SIGNALS) process.on(signal, hold);
  return {
    check() {
      if (held !== undefined) throw new Error(`ended by ${held}`);
    },
    release() {
      letThrough();
      if (held !== undefined) process.kill(process.pid, held);
    },
  };
}
