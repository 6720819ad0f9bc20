import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { toWalletRef, type WalletRef } from '../wallets/wallet-ref.ts';
import { FIRST_KEY, type SealHead } from './seal-entries.ts';

/** The first thing that is not as it was sealed. */
export interface Alteration {
  readonly seal: bigint;
  /** The first altered entry; null when the seal itself, or the list of its ranges, was altered. */
  readonly wallet: WalletRef | null;
  readonly version: bigint | null;
}

export interface SealVerdict {
  readonly isIntact: boolean;
  /** How many are intact, before the first that is not. */
  readonly seals: bigint;
  readonly altered: Alteration | null;
}

interface SealRow {
  readonly number: bigint;
  readonly hash: Buffer;
  readonly is_chained: boolean;
}

interface PieceRow {
  readonly user_id: string;
  readonly currency: string;
  readonly last_version: bigint;
  readonly broken_user_id: string | null;
  readonly broken_currency: string | null;
  readonly broken_version: bigint | null;
}

type Broken = Pick<Alteration, 'wallet' | 'version'>;

const input = z.strictObject({
  head: z
    .strictObject({ number: z.bigint().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) })
    .optional(),
  entriesPerPiece: limit({ max: 100_000, fallback: 10_000 }),
});

const selectSeal = statement<SealRow>(
  'verify_seal',
  `select
     number, hash,
     previous_hash = coalesce((select hash from finance.seals where number = $1 - 1), sha256(''))
       and hash = coalesce(finance.seal_hash(number, previous_hash), '')
       and range_count = (select count(*) from finance.sealed_ranges where seal_number = number)
       as is_chained
   from finance.seals
   where number = $1`,
);

// A range counts as one entry at least: with fewer, one whose versions were tampered with could fall between two pieces.
// Entries by a stretch of versions too: with their own place alone, each range read all that its wallet ever did, and
// verifying 80,000 entries in 80 ranges took 34 s, not 10.
const verifyPiece = statement<PieceRow>(
  'verify_ranges',
  `with ranges_of_piece as materialized (
     select user_id, currency, first_version, last_version, digests, hash
     from (
       select *, sum(entry_count) over (order by user_id, currency, last_version) - entry_count as entries_before
       from (
         select
           user_id, currency, first_version, last_version, digests, hash,
           greatest(last_version - first_version + 1, 1) as entry_count
         from finance.sealed_ranges
         where seal_number = $1
           and (user_id, currency, last_version) > ($2, $3, $4)
         order by user_id, currency, last_version
         limit $5
       ) as next_ranges
     ) as counted_ranges
     where entries_before < $5
   )
   select
     last_of_piece.user_id, last_of_piece.currency, last_of_piece.last_version,
     broken.user_id as broken_user_id, broken.currency as broken_currency, broken.version as broken_version
   from (
     select user_id, currency, last_version
     from ranges_of_piece
     order by user_id desc, currency desc, last_version desc
     limit 1
   ) as last_of_piece
   left join (
     select user_id, currency, coalesce(altered.version, first_version) as version
     from ranges_of_piece
     left join lateral (
       select place as version
       from generate_series(first_version, last_version) as place
       left join finance.entries
         on entries.user_id = ranges_of_piece.user_id
         and entries.currency = ranges_of_piece.currency
         and entries.version = place
         and entries.version between first_version and last_version
       left join finance.transactions
         on transactions.user_id = transaction_user_id and transactions.id = transaction_id
       where entries.version is null
         or substring(finance.entry_digest(entries, transactions) for 8)
           <> substring(digests from (8 * (place - first_version) + 1)::integer for 8)
       order by place
       limit 1
     ) as altered on true
     where altered.version is not null
       or hash <> finance.range_hash(user_id, currency, first_version, last_version)
     order by user_id, currency, last_version
     limit 1
   ) as broken on true`,
);

/**
 * Recomputes the chain of seals from the entries and transactions, seal by seal, and names the first entry that is not
 * as it was sealed. A statement takes ranges of about `entriesPerPiece` entries, at least one range, so that a ledger of
 * any size keeps within `statement_timeout`. Pass the `head` that `sealEntries` returned and that was kept elsewhere: without it, whoever can
 * rewrite the entries and the whole chain would go unnoticed.
 */
export async function verifySeals(
  db: Db,
  params: { head?: SealHead | undefined; entriesPerPiece?: number | undefined } = {},
): Promise<SealVerdict> {
  const { head, entriesPerPiece } = parseInput(input, params);
  for (let number = 1n; ; number += 1n) {
    const [seal] = await selectSeal(db, [number]);
    if (seal === undefined) {
      const isCut = head !== undefined && head.number >= number;
      const altered = isCut ? { seal: number, wallet: null, version: null } : null;
      return { isIntact: !isCut, seals: number - 1n, altered };
    }
    const broken = await findBroken(db, number, entriesPerPiece);
    const isOther = head?.number === number && head.hash !== seal.hash.toString('hex');
    if (broken === undefined && seal.is_chained && !isOther) continue;
    const altered = { seal: number, ...(broken ?? { wallet: null, version: null }) };
    return { isIntact: false, seals: number - 1n, altered };
  }
}

/** The first altered entry of a seal. */
async function findBroken(db: Db, seal: bigint, perPiece: number): Promise<Broken | undefined> {
  let [owner, currency]: readonly [string, string] = FIRST_KEY;
  let version = 0n;
  for (;;) {
    const [piece] = await verifyPiece(db, [seal, owner, currency, version, perPiece]);
    if (piece === undefined) return undefined;
    const { broken_user_id: brokenOwner, broken_currency: brokenCurrency } = piece;
    if (brokenOwner !== null && brokenCurrency !== null) {
      return { wallet: toWalletRef(brokenOwner, brokenCurrency), version: piece.broken_version };
    }
    [owner, currency, version] = [piece.user_id, piece.currency, piece.last_version];
  }
}
