import { print } from '../output.ts';
import { requireTarget } from '../target.ts';

/** Prints the URL that the other commands use, as a secret that was asked for. Starts nothing. */
export async function url(): Promise<void> {
  print((await requireTarget()).url);
}
