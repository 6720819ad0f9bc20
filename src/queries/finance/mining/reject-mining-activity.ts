import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { parseInput, text } from '../../../input/validate.ts';
import {
  activityKey,
  lockMiningActivity,
  MINING_COLUMNS,
  type MiningActivityDetail,
  type MiningRow,
  toMiningActivity,
} from './mining-activity.ts';

const input = z.strictObject({ ...activityKey.shape, reason: text({ max: 500 }) });

const reject = statement<MiningRow>(
  'reject_mining_activity',
  `update finance.mining_activities
   set status = 'REJECTED', rejected_at = clock_timestamp(), rejection_reason = $3
   where user_id = $1
     and id = $2
   returning ${MINING_COLUMNS}`,
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
  return transaction(db, async (tx) => {
    const activity = await lockMiningActivity(tx, key);
    if (activity.status === 'REWARDED') {
      throw new WrongStateError('mining activity', activity.status, 'PENDING or VERIFIED');
    }
    if (activity.status === 'REJECTED') return toMiningActivity(activity);
    return toMiningActivity(only(await reject(tx, [key.userId, key.id, reason])));
  });
}
