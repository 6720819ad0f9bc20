import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { parseInput, text } from '../../../input/validate.ts';
import { miningActivities } from '../../../schema/finance/mining-activities.ts';
import {
  activityFields,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const input = () => z.strictObject({ ...activityKey.shape, reason: text({ max: 500 }) });

const rejectedActivity = prepared(
  'rejected_mining_activity',
  {
    userId: miningActivities.userId,
    id: miningActivities.id,
    reason: miningActivities.rejectionReason,
  },
  (query, { userId, id, reason }) =>
    query
      .update(miningActivities)
      .set({ status: 'REJECTED', rejectedAt: sql`clock_timestamp()`, rejectionReason: reason })
      .where(and(eq(miningActivities.userId, userId), eq(miningActivities.id, id)))
      .returning(activityFields),
);

/**
 * Refuses a proof of knowledge that was not rewarded yet. Refusing it again keeps the first reason.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError if it was rewarded
 */
export async function rejectMiningActivity(
  db: Db,
  params: {
    /** The user whose proof it is: a UUID. */
    userId: string;
    /** The activity's id, a UUID: with `userId` its key. */
    id: string;
    /** Why, in 1 to 500 characters. */
    reason: string;
  },
): Promise<MiningActivityDetail> {
  const { reason, ...key } = parseInput(input, params);
  return moveActivity(db, key, {
    from: ['PENDING', 'VERIFIED'],
    past: ['REJECTED'],
    update: (tx) => rejectedActivity(tx, { ...key, reason }),
  });
}
