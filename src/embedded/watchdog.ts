import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeEphemeral } from './ephemeral-folder.ts';

/**
 * The process that outlives the owner of an ephemeral server, just long enough to remove what it
 * left. A key press meant for the owner's terminal must not end it first.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const folder = process.argv[2];
if (!folder) throw new Error('usage: watchdog <folder>');

for await (const _ of process.stdin) {
  // The owner never writes; the loop ends with the owner.
}
// After a proper stop there is nothing left to do.
if (existsSync(folder)) {
  await removeEphemeral(folder);
  // An initdb or a start that was under way when the owner died may just have made it anew.
  await sleep(2_000);
  await removeEphemeral(folder);
}
