import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stopPostmaster } from './postmaster.ts';

/** Ends the server in this temporary folder, if one runs, and deletes the folder. */
export async function removeEphemeral(folder: string): Promise<void> {
  await stopPostmaster(join(folder, 'data'), 'immediate');
  // Children of the server may still be letting go of their files.
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
