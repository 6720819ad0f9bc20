import { getTableColumns } from 'drizzle-orm';
import { z } from 'zod';
import { columns, type RowOf } from '../../../db/columns.ts';
import { statement } from '../../../db/statement.ts';
import { uuid } from '../../../input/validate.ts';
import { miningActivities } from '../../../schema/finance/mining-activities.ts';
import { transitionsOf } from '../transition.ts';
import { userId } from '../wallets/wallet-ref.ts';

const { idempotencyKey, updatedAt, verifiedAt, rewardedAt, rejectedAt, ...shown } =
  getTableColumns(miningActivities);

/** The columns of a MiningActivityDetail. */
export const activityColumns = columns(
  miningActivities,
  Object.keys(shown) as (keyof typeof shown)[],
);

/** The same for Drizzle's builder. */
export const activityFields = shown;

/**
 * A proof of knowledge, and what it earned: AZR in minor units. `transactionId` names the
 * transaction that paid it out.
 */
export type MiningActivityDetail = RowOf<typeof activityColumns>;

export const activityKey = z.strictObject({ userId, id: uuid });

const lockedActivity = statement<MiningActivityDetail, [userId: string, id: string]>(
  'locked_mining_activity',
  `select ${activityColumns.list}
   from finance.mining_activities
   where user_id = $1
     and id = $2
   for no key update`,
);

export const moveActivity = transitionsOf('mining activity', lockedActivity);
