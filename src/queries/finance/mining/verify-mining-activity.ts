import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  activityKey,
  lockMiningActivity,
  MINING_COLUMNS,
  type MiningActivityDetail,
  type MiningRow,
  toMiningActivity,
} from './mining-activity.ts';

const verify = statement<MiningRow>(
  'verify_mining_activity',
  `update finance.mining_activities
   set status = 'VERIFIED', verified_at = clock_timestamp()
   where user_id = $1
     and id = $2
   returning ${MINING_COLUMNS}`,
);

/**
 * Accepts a proof of knowledge, so that it can be rewarded. Accepting it again changes nothing.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError if it was rejected
 */
export async function verifyMiningActivity(
  db: Db,
  params: { userId: string; id: string },
): Promise<MiningActivityDetail> {
  const key = parseInput(activityKey, params);
  return transaction(db, async (tx) => {
    const activity = await lockMiningActivity(tx, key);
    if (activity.status === 'REJECTED') {
      throw new WrongStateError('mining activity', activity.status, 'PENDING');
    }
    if (activity.status !== 'PENDING') return toMiningActivity(activity);
    return toMiningActivity(only(await verify(tx, [key.userId, key.id])));
  });
}
