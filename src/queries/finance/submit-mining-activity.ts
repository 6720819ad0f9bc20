import { z } from 'zod';
import { ConstraintError, NotFoundError } from '../../errors.ts';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { amount, parseInput } from '../../validate.ts';
import {
  MINING_COLUMNS,
  type MiningActivityDetail,
  type MiningRow,
  miningTypes,
  only,
  toMiningActivity,
} from './mining-activity.ts';
import { details } from './request.ts';
import { userId } from './wallet-ref.ts';

const input = z.strictObject({
  userId,
  type: z.enum(miningTypes),
  tokensEarned: amount,
  metadata: details.metadata,
});

const insert = statement<MiningRow>(
  'submit_mining_activity',
  `insert into finance.mining_activities (user_id, type, tokens_earned, metadata)
   values ($1, $2, $3, $4)
   returning ${MINING_COLUMNS}`,
);

/**
 * Records a proof of knowledge that can earn AZR (`tokensEarned` in minor units), as PENDING.
 *
 * @throws NotFoundError if the user does not exist
 */
export async function submitMiningActivity(
  db: Db,
  params: {
    userId: string;
    type: MiningActivityDetail['type'];
    tokensEarned: bigint;
    metadata?: Record<string, unknown> | undefined;
  },
): Promise<MiningActivityDetail> {
  const activity = parseInput(input, params);
  const values = [
    activity.userId,
    activity.type,
    activity.tokensEarned,
    JSON.stringify(activity.metadata ?? {}),
  ];
  const rows = await insert(db, values).catch((error: unknown) => {
    const isStranger =
      error instanceof ConstraintError && error.constraint === 'mining_activities_user_id_fkey';
    throw isStranger ? new NotFoundError('user', ['userId']) : error;
  });
  return toMiningActivity(only(rows));
}
