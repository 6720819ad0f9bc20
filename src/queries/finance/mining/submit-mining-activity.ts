import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { ConstraintError, NotFoundError } from '../../../errors.ts';
import { amount, parseInput } from '../../../input/validate.ts';
import { IdempotencyConflictError } from '../errors.ts';
import { details } from '../transfers/request.ts';
import { userId } from '../wallets/wallet-ref.ts';
import {
  MINING_COLUMNS,
  type MiningActivityDetail,
  type MiningRow,
  miningTypes,
  toMiningActivity,
} from './mining-activity.ts';

const input = z.strictObject({
  userId,
  type: z.enum(miningTypes),
  tokensEarned: amount,
  idempotencyKey: details.idempotencyKey,
  metadata: details.metadata,
});

const insert = statement<MiningRow>(
  'submit_mining_activity',
  `insert into finance.mining_activities (user_id, idempotency_key, type, tokens_earned, metadata)
   values ($1, $2, $3, $4, $5)
   on conflict (idempotency_key, user_id) do nothing
   returning ${MINING_COLUMNS}`,
);

const selectSubmitted = statement<MiningRow & { readonly is_same: boolean }>(
  'submitted_mining_activity',
  `select ${MINING_COLUMNS}, (type, tokens_earned, metadata) = ($3, $4, $5::jsonb) as is_same
   from finance.mining_activities
   where user_id = $1
     and idempotency_key = $2`,
);

/** A proof of knowledge, as the part of the platform that saw it hands it in. */
export interface MiningParams {
  readonly userId: string;
  readonly type: MiningActivityDetail['type'];
  /** AZR in minor units. */
  readonly tokensEarned: bigint;
  /** 1 to 200 characters, the user's own: such as the id of the assessment that was passed. */
  readonly idempotencyKey: string;
  readonly metadata?: Record<string, unknown> | undefined;
}

/**
 * Records a proof of knowledge that can earn AZR, as PENDING. The same proof under the same key is one activity: sent
 * again, also concurrently, it is returned as it stands by then.
 *
 * @throws IdempotencyConflictError if another proof has the key
 * @throws NotFoundError if the user does not exist
 */
export async function submitMiningActivity(
  db: Db,
  params: MiningParams,
): Promise<MiningActivityDetail> {
  const activity = parseInput(input, params);
  const values = [
    activity.userId,
    activity.idempotencyKey,
    activity.type,
    activity.tokensEarned,
    JSON.stringify(activity.metadata ?? {}),
  ];
  const [inserted] = await insert(db, values).catch((error: unknown) => {
    const isStranger =
      error instanceof ConstraintError && error.constraint === 'mining_activities_user_id_fkey';
    throw isStranger ? new NotFoundError('user', ['userId']) : error;
  });
  if (inserted !== undefined) return toMiningActivity(inserted);
  const existing = only(await selectSubmitted(db, values));
  if (!existing.is_same) throw new IdempotencyConflictError(null);
  return toMiningActivity(existing);
}
