import { AzoraDbError } from '../errors.ts';

/**
 * The environment variable by which those who keep drizzle-kit from our tables, or who put right
 * what it does to them, say so to this process.
 */
export const KIT_IS_GUARDED = 'AZORA_DB_KIT_IS_GUARDED';

const KIT = /[\\/]drizzle-kit(?:[\\/]bin\.cjs)?$/;

/**
 * `drizzle-kit push` over these tables would drop what it cannot express, such as deferrable keys,
 * and cannot make what the tables need first. It has sent nothing yet when it loads them.
 *
 * @throws AzoraDbError `KIT_PUSH_REFUSED` in a process of drizzle-kit push that nobody guards.
 */
export function refuseBareKitPush(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  if (argv[2] !== 'push' || !KIT.test(argv[1] ?? '') || env[KIT_IS_GUARDED]) return;
  throw new AzoraDbError(
    'KIT_PUSH_REFUSED',
    'drizzle-kit push must not touch the tables of @azora/db: it would drop keys and checks that ' +
      'it does not know. Nothing was changed. Make them by `azora-db push` or `azora-db ' +
      'migrate`, and for tables of your own begin drizzle.config.ts with `import ' +
      "{ defineServiceConfig } from '@azora/db/drizzle-config'`.",
  );
}

/** Runs a part of drizzle-kit's work whose failure it would end with exit code 0. */
export function failingKit<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    process.once('exit', () => {
      process.exitCode = 1;
    });
    throw error;
  }
}
