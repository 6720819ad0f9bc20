import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { parseInput } from '../../../input/validate.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { postTransfer } from '../transfers/transfer.ts';
import { openWallet } from '../wallets/open-wallet.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import {
  activityColumns,
  activityKey,
  type MiningActivityDetail,
  moveActivity,
} from './mining-activity.ts';

const rewardedActivity = statement<
  MiningActivityDetail,
  [userId: string, id: string, transactionId: string]
>(
  'rewarded_mining_activity',
  `update finance.mining_activities
   set status = 'REWARDED', rewarded_at = clock_timestamp(), transaction_id = $3
   where user_id = $1
     and id = $2
   returning ${activityColumns.list}`,
);

/**
 * Pays the tokens of a verified activity from MINT to the user's AZR wallet, which is opened if
 * need be. Once for each activity: the row is locked, and the posting has a key of its own.
 * Rewarding it again changes nothing.
 *
 * @throws NotFoundError if there is no such activity
 * @throws WrongStateError unless it is verified
 * @throws InsufficientFundsError if MINT would exceed the supply of AZR
 */
export async function rewardMiningActivity(
  db: Db,
  params: { userId: string; id: string },
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
      return rewardedActivity(tx, [key.userId, key.id, transactionId]);
    },
  });
}
