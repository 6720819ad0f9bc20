import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { retryConflicts } from '../transfers/retry-conflicts.ts';

/** Before the key of every wallet. */
export const FIRST_KEY = ['00000000-0000-0000-0000-000000000000', ''] as const;

const input = z.strictObject({
  walletsPerSeal: limit({ max: 10_000, fallback: 1_000 }),
  entriesPerSeal: limit({ max: 100_000, fallback: 10_000 }),
  entriesPerRange: limit({ max: 10_000, fallback: 1_000 }),
});

const seal = statement<{
  last_owner: string | null;
  last_currency: string | null;
  sealed: bigint;
}>('seal_entries', 'select * from finance.seal_entries($1, $2, $3, $4, $5)');

const selectNewest = statement<{ number: bigint; hash: Buffer }>(
  'newest_seal',
  'select number, hash from finance.seals order by number desc limit 1',
);

/** The end of the chain of seals. Kept somewhere else, it shows also that nobody rewrote the whole chain. */
export interface SealHead {
  readonly number: bigint;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/**
 * Seals all entries that are not sealed yet, wallet after wallet: at most `entriesPerSeal` of `walletsPerSeal` wallets
 * at a time, in one statement and one seal, so that a backlog of any size keeps within `statement_timeout`. Meant for a
 * job in the background: it locks no wallet, and a posting never waits for it. Sealers wait for each other.
 *
 * Outside a transaction each seal is committed by itself. Inside one of yours they are committed with it, and if that
 * is `repeatable read` and another sealer was faster, it is a conflict, after which `transaction()` runs again.
 *
 * @returns how many entries were sealed, and the head of the chain (null for an empty ledger)
 */
export async function sealEntries(
  db: Db,
  params: {
    walletsPerSeal?: number | undefined;
    entriesPerSeal?: number | undefined;
    entriesPerRange?: number | undefined;
  } = {},
): Promise<{ sealed: bigint; head: SealHead | null }> {
  const { walletsPerSeal, entriesPerSeal, entriesPerRange } = parseInput(input, params);
  let sealed = 0n;
  let [owner, currency]: readonly [string, string] = FIRST_KEY;
  for (;;) {
    const values = [owner, currency, walletsPerSeal, entriesPerRange, entriesPerSeal];
    const [row] = await retryConflicts(db, () => seal(db, values));
    sealed += row?.sealed ?? 0n;
    if (row === undefined || row.last_owner === null || row.last_currency === null) break;
    [owner, currency] = [row.last_owner, row.last_currency];
  }
  const [head] = await selectNewest(db);
  return { sealed, head: head ? { number: head.number, hash: head.hash.toString('hex') } : null };
}
