import { and, eq, sql } from 'drizzle-orm';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { parseInput } from '../../../input/validate.ts';
import { miningActivities } from '../../../schema/finance/mining-activities.ts';
import {
  activityFields,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const verifiedActivity = prepared(
  'verified_mining_activity',
  { userId: miningActivities.userId, id: miningActivities.id },
  (query, { userId, id }) =>
    query
      .update(miningActivities)
      .set({ status: 'VERIFIED', verifiedAt: sql`clock_timestamp()` })
      .where(and(eq(miningActivities.userId, userId), eq(miningActivities.id, id)))
      .returning(activityFields),
);

/**
 * Accepts a proof of knowledge, so that it can be rewarded. Accepting it again changes nothing.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError if it was rejected
 */
export async function verifyMiningActivity(
  db: Db,
  params: {
    /** The user whose proof it is: a UUID. */
    userId: string;
    /** The activity's id, a UUID: with `userId` its key. */
    id: string;
  },
): Promise<MiningActivityDetail> {
  const key = parseInput(activityKey, params);
  return moveActivity(db, key, {
    from: ['PENDING'],
    past: ['VERIFIED', 'REWARDED'],
    update: (tx) => verifiedActivity(tx, key),
  });
}
