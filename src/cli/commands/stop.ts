import { stopEmbedded } from '../../embedded/index.ts';
import { print } from '../output.ts';
import { configuredUrl } from '../target.ts';

/**
 * Stops the embedded server of this project; its data stay. The server of DATABASE_URL is never
 * touched.
 */
export async function stop(): Promise<void> {
  if (await stopEmbedded()) {
    print('Stopped the embedded PostgreSQL. Its data stay.');
    return;
  }
  print('No embedded PostgreSQL is running here.');
  if (configuredUrl()) print('DATABASE_URL is set; its server is not for this command to stop.');
}
