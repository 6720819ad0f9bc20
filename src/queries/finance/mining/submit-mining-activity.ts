import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { amount, parseInput } from '../../../input/validate.ts';
import { miningActivities, miningType } from '../../../schema/finance/mining-activities.ts';
import { IdempotencyConflictError } from '../errors.ts';
import { details } from '../transfers/request.ts';
import { userId } from '../wallets/wallet-ref.ts';
import { activityColumns, activityFields, type MiningActivityDetail } from './mining-activity.ts';

const input = () =>
  z.strictObject({
    userId,
    type: z.enum(miningType.enumValues),
    tokensEarned: amount,
    idempotencyKey: details.idempotencyKey,
    metadata: details.metadata,
  });

const insertedActivity = prepared(
  'inserted_mining_activity',
  {
    userId: miningActivities.userId,
    idempotencyKey: miningActivities.idempotencyKey,
    type: miningActivities.type,
    tokensEarned: miningActivities.tokensEarned,
    metadata: miningActivities.metadata,
  },
  (query, values) =>
    query
      .insert(miningActivities)
      .values(values)
      .onConflictDoNothing({ target: [miningActivities.idempotencyKey, miningActivities.userId] })
      .returning(activityFields),
);

const selectSameActivity = statement<
  MiningActivityDetail & { isSame: boolean },
  [
    userId: string,
    key: string,
    type: MiningActivityDetail['type'],
    tokensEarned: bigint,
    metadata: string,
  ]
>(
  'select_same_mining_activity',
  `select ${activityColumns.list},
     (type, tokens_earned, metadata) = ($3, $4, $5::jsonb) as "isSame"
   from finance.mining_activities
   where user_id = $1
     and idempotency_key = $2`,
);

/** A proof of knowledge, as the part of the platform that saw it hands it in. */
export interface MiningParams {
  /** The user who proved it: a UUID. */
  userId: string;
  /** What was proven, as the enum `finance.mining_type` has it. */
  type: MiningActivityDetail['type'];
  /** What it earns: AZR in minor units, from 1 to 2^63 - 1. */
  tokensEarned: bigint;
  /**
   * 1 to 200 characters, not beginning with `azora:`, the user's own: such as the id of the
   * assessment that was passed.
   */
  idempotencyKey: string;
  /** An object of JSON values, at most 65,536 bytes as JSON. Default: `{}`. */
  metadata?: Record<string, unknown> | undefined;
}

/**
 * Records a proof of knowledge that can earn AZR, as PENDING. The same proof under the same key is
 * one activity: sent again, also concurrently, it is returned as it stands by then.
 *
 * @throws IdempotencyConflictError if another proof has the key
 * @throws NotFoundError if the user does not exist
 */
export async function submitMiningActivity(
  db: Db,
  params: MiningParams,
): Promise<MiningActivityDetail> {
  const activity = parseInput(input, params);
  const { metadata = {} } = activity;
  const [inserted] = await insertedActivity(db, { ...activity, metadata });
  if (inserted !== undefined) return inserted;
  const found = await selectSameActivity(db, [
    activity.userId,
    activity.idempotencyKey,
    activity.type,
    activity.tokensEarned,
    JSON.stringify(metadata),
  ]);
  const { isSame, ...existing } = only(found);
  if (!isSame) throw new IdempotencyConflictError(null);
  return existing;
}
