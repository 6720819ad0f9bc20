import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { uuid } from '../../../input/validate.ts';
import { userId } from '../wallets/wallet-ref.ts';

export const miningTypes = [
  'COURSE_COMPLETION',
  'ASSESSMENT_PASS',
  'PEER_TEACHING',
  'CONTENT_CREATION',
  'COMMUNITY_CONTRIBUTION',
] as const;

/** A proof of knowledge, and what it earned. */
export interface MiningActivityDetail {
  readonly userId: string;
  readonly id: string;
  readonly type: (typeof miningTypes)[number];
  /** AZR in minor units. */
  readonly tokensEarned: bigint;
  readonly status: 'PENDING' | 'VERIFIED' | 'REWARDED' | 'REJECTED';
  readonly metadata: Record<string, unknown>;
  readonly rejectionReason: string | null;
  /** The transaction that paid it out. */
  readonly transactionId: string | null;
  readonly createdAt: Date;
}

export interface MiningRow {
  readonly user_id: string;
  readonly id: string;
  readonly type: MiningActivityDetail['type'];
  readonly tokens_earned: bigint;
  readonly status: MiningActivityDetail['status'];
  readonly metadata: Record<string, unknown>;
  readonly rejection_reason: string | null;
  readonly transaction_id: string | null;
  readonly created_at: Date;
}

export const MINING_COLUMNS = `user_id, id, type, tokens_earned, status, metadata, rejection_reason,
  transaction_id, created_at`;

export const activityKey = z.strictObject({ userId, id: uuid });

export function toMiningActivity(row: MiningRow): MiningActivityDetail {
  return {
    userId: row.user_id,
    id: row.id,
    type: row.type,
    tokensEarned: row.tokens_earned,
    status: row.status,
    metadata: row.metadata,
    rejectionReason: row.rejection_reason,
    transactionId: row.transaction_id,
    createdAt: row.created_at,
  };
}

const lock = statement<MiningRow>(
  'lock_mining_activity',
  `select ${MINING_COLUMNS}
   from finance.mining_activities
   where user_id = $1
     and id = $2
   for no key update`,
);

/** The activity, locked until the transaction ends. */
export async function lockMiningActivity(
  tx: Db,
  { userId: owner, id }: { userId: string; id: string },
): Promise<MiningRow> {
  const [row] = await lock(tx, [owner, id]);
  if (row === undefined) throw new NotFoundError('mining activity', ['userId', 'id']);
  return row;
}
