import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { WrongStateError } from '../../../errors.ts';
import { parseInput } from '../../../input/validate.ts';
import { postTransfer } from '../transfers/post-transfer.ts';
import { hashRequest, reservedKey } from '../transfers/request.ts';
import { openWallet } from '../wallets/open-wallet.ts';
import { systemOwners } from '../wallets/wallet-ref.ts';
import {
  activityKey,
  lockMiningActivity,
  MINING_COLUMNS,
  type MiningActivityDetail,
  type MiningRow,
  toMiningActivity,
} from './mining-activity.ts';

const reward = statement<MiningRow>(
  'reward_mining_activity',
  `update finance.mining_activities
   set status = 'REWARDED', rewarded_at = clock_timestamp(), transaction_id = $3
   where user_id = $1
     and id = $2
   returning ${MINING_COLUMNS}`,
);

/**
 * Pays the tokens of a verified activity from MINT to the user's AZR wallet, which is opened if need be. Once for each
 * activity: the row is locked, and the posting has a key of its own. Rewarding it again changes nothing.
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
  return transaction(db, async (tx) => {
    const activity = await lockMiningActivity(tx, key);
    if (activity.status === 'REWARDED') return toMiningActivity(activity);
    if (activity.status !== 'VERIFIED') {
      throw new WrongStateError('mining activity', activity.status, 'VERIFIED');
    }
    await openWallet(tx, { userId: key.userId, currency: 'AZR' });
    const { id: transactionId } = await postTransfer(tx, {
      initiator: key.userId,
      key: reservedKey('reward', key.id),
      hash: hashRequest('reward', key),
      type: 'MINING_REWARD',
      from: systemOwners.MINT,
      to: key.userId,
      currency: 'AZR',
      amount: activity.tokens_earned,
      occurredAt: null,
      description: null,
      metadata: JSON.stringify({ activityId: key.id }),
    });
    return toMiningActivity(only(await reward(tx, [key.userId, key.id, transactionId])));
  });
}
