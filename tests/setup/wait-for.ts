import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; a minute is long past any doubt that it ever will. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await sleep(25);
  }
}
