import { z } from 'zod';
import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';

const input = () => z.strictObject({ limit: limit({ max: 10_000, fallback: 1_000 }) });

const expiredHolds = statement<{ expired: number }, [oldest: number]>(
  'expired_holds',
  'select finance.expire_holds($1) as expired',
);

/**
 * Ends holds that are due by the database's clock: of the wallets that nobody else has locked just
 * then, the `limit` longest due, and with them all others that are due in the same wallets; returns
 * how many. Call it again while it returns more than zero. It waits for nobody, and leaves what is
 * locked for the next sweep. In between nothing is wrong, because a due hold holds nothing for
 * anyone: balances leave it out, and a posting that needs the money ends it first.
 */
export async function expireHolds(
  db: Db,
  params: {
    /**
     * How many holds at most, from 1 to 10,000, beside others of the same wallets. Default 1,000.
     */
    limit?: number | undefined;
  } = {},
): Promise<number> {
  const { limit: holds } = parseInput(input, params);
  const [row] = await retryConflicts(db, () => expiredHolds(db, [holds]));
  return row?.expired ?? 0;
}
