import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput, text } from '../../../input/validate.ts';
import {
  activityColumns,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const input = z.strictObject({ ...activityKey.shape, reason: text({ max: 500 }) });

const rejectedActivity = statement<
  MiningActivityDetail,
  [userId: string, id: string, reason: string]
>(
  'rejected_mining_activity',
  `update finance.mining_activities
   set status = 'REJECTED', rejected_at = clock_timestamp(), rejection_reason = $3
   where user_id = $1
     and id = $2
   returning ${activityColumns.list}`,
);

/**
 * Refuses a proof of knowledge that was not rewarded yet. Refusing it again keeps the first reason.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError if it was rewarded
 */
export async function rejectMiningActivity(
  db: Db,
  params: { userId: string; id: string; reason: string },
): Promise<MiningActivityDetail> {
  const { reason, ...key } = parseInput(input, params);
  return moveActivity(db, key, {
    from: ['PENDING', 'VERIFIED'],
    past: ['REJECTED'],
    update: (tx) => rejectedActivity(tx, [key.userId, key.id, reason]),
  });
}
