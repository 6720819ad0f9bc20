import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput } from '../../../input/validate.ts';
import {
  activityColumns,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const verifiedActivity = statement<MiningActivityDetail, [userId: string, id: string]>(
  'verified_mining_activity',
  `update finance.mining_activities
   set status = 'VERIFIED', verified_at = clock_timestamp()
   where user_id = $1
     and id = $2
   returning ${activityColumns.list}`,
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
  return moveActivity(db, key, {
    from: ['PENDING'],
    past: ['VERIFIED', 'REWARDED'],
    update: (tx) => verifiedActivity(tx, [key.userId, key.id]),
  });
}
