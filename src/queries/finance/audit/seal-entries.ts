import { desc } from 'drizzle-orm';
import { z } from 'zod';
import { prepared } from '../../../db/prepared.ts';
import { retryConflicts } from '../../../db/retry.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { seals } from '../../../schema/finance/seals.ts';

/** Before the key of every wallet. */
const FIRST_KEY = ['00000000-0000-0000-0000-000000000000', ''] as const;

const input = () =>
  z.strictObject({
    walletsPerSeal: limit({ max: 10_000, fallback: 1_000 }),
    entriesPerSeal: limit({ max: 100_000, fallback: 10_000 }),
    entriesPerRange: limit({ max: 10_000, fallback: 1_000 }),
  });

const sealedEntries = statement<
  { lastOwner: string | null; lastCurrency: string | null; sealed: bigint | null },
  [afterOwner: string, afterCurrency: string, wallets: number, perRange: number, most: number]
>(
  'sealed_entries',
  `select last_owner as "lastOwner", last_currency as "lastCurrency", sealed
   from finance.seal_entries($1, $2, $3, $4, $5)`,
);

const selectNewestSeal = prepared('select_newest_seal', {}, (query) =>
  query
    .select({ number: seals.number, hash: seals.hash })
    .from(seals)
    .orderBy(desc(seals.number))
    .limit(1),
);

/**
 * The end of the chain of seals. Kept somewhere else, it shows also that nobody rewrote the whole
 * chain.
 */
export interface SealHead {
  /** The newest seal's place in the chain, from 1, without gaps. */
  number: bigint;
  /** SHA-256 in hexadecimal. */
  hash: string;
}

export const sealHead = z.strictObject({
  number: z.bigint().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * Seals all entries that are not sealed yet, wallet after wallet: at most `entriesPerSeal` of
 * `walletsPerSeal` wallets at a time, in one statement and one seal, and fewer where their metadata
 * take more than 2 MB on disk, so that a backlog of any size keeps within `statement_timeout`.
 * Meant for a job in the background: it locks no wallet, and a posting never waits for it. Sealers
 * wait for each other.
 *
 * Outside a transaction each seal is committed by itself. Inside one of yours they are committed
 * with it, and if that is `repeatable read` and another sealer was faster, it is a conflict, after
 * which `transaction()` runs again.
 *
 * @returns how many entries were sealed, and the head of the chain (null for an empty ledger)
 * @throws ConstraintError `seals_after_sound_check` or `sealed_ranges_after_sound_check` when the
 * newest seal, or a range, is none that was sealed: what comes after it could not be kept when it
 * is removed
 */
export async function sealEntries(
  db: Db,
  params: {
    /** How many wallets one seal covers at most, from 1 to 10,000. Default 1,000. */
    walletsPerSeal?: number | undefined;
    /** How many entries one seal covers at most, from 1 to 100,000. Default 10,000. */
    entriesPerSeal?: number | undefined;
    /** How many entries one hash covers at most, from 1 to 10,000. Default 1,000. */
    entriesPerRange?: number | undefined;
  } = {},
): Promise<{
  /** How many entries this call sealed, from 0. */
  sealed: bigint;
  /** The newest seal; null for an empty ledger. */
  head: SealHead | null;
}> {
  const { walletsPerSeal, entriesPerSeal, entriesPerRange } = parseInput(input, params);
  let sealed = 0n;
  let [owner, currency]: readonly [string, string] = FIRST_KEY;
  for (;;) {
    const [row] = await retryConflicts(db, () =>
      sealedEntries(db, [owner, currency, walletsPerSeal, entriesPerRange, entriesPerSeal]),
    );
    sealed += row?.sealed ?? 0n;
    if (row === undefined || row.lastOwner === null || row.lastCurrency === null) break;
    [owner, currency] = [row.lastOwner, row.lastCurrency];
  }
  const [head] = await selectNewestSeal(db, {});
  return { sealed, head: head ? { number: head.number, hash: head.hash.toString('hex') } : null };
}
