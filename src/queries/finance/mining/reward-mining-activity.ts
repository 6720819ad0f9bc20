import { and, eq, sql } from 'drizzle-orm';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { parseInput } from '../../../input/validate.ts';
import { miningActivities } from '../../../schema/finance/mining-activities.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postTransfer } from '../transfers/transfer.ts';
import { openWallet } from '../wallets/open-wallet.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import {
  activityFields,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const rewardedActivity = prepared(
  'rewarded_mining_activity',
  {
    userId: miningActivities.userId,
    id: miningActivities.id,
    transactionId: miningActivities.transactionId,
  },
  (query, { userId, id, transactionId }) =>
    query
      .update(miningActivities)
      .set({ status: 'REWARDED', rewardedAt: sql`clock_timestamp()`, transactionId })
      .where(and(eq(miningActivities.userId, userId), eq(miningActivities.id, id)))
      .returning(activityFields),
);

/**
 * Pays the tokens of a verified activity from MINT to the user's AZR wallet, which is opened if
 * need be. Once for each activity: the row is locked, and the posting has a key of its own.
 * Rewarding it again changes nothing.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError unless it is verified
 * @throws InsufficientFundsError if more AZR would exist than its supply
 */
export async function rewardMiningActivity(
  db: Db,
  params: {
    /** The user whose proof it is, and who is paid: a UUID. */
    userId: string;
    /** The activity's id, a UUID: with `userId` its key. */
    id: string;
  },
): Promise<MiningActivityDetail> {
  const key = parseInput(activityKey, params);
  return moveActivity(db, key, {
    from: ['VERIFIED'],
    past: ['REWARDED'],
    async update(tx, activity) {
      await openWallet(tx, { userId: key.userId, currency: 'AZR' });
      const { id: transactionId } = await postTransfer(tx, {
        initiator: key.userId,
        key: reservedKey('reward', key.id),
        hash: hashRequest('reward', key),
        type: 'MINING_REWARD',
        from: systemOwners.MINT,
        to: key.userId,
        currency: 'AZR',
        amount: activity.tokensEarned,
        occurredAt: null,
        description: null,
        metadata: JSON.stringify({ activityId: key.id }),
      });
      return rewardedActivity(tx, { ...key, transactionId });
    },
  });
}
