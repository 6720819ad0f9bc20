import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import type { Finding, Verification } from '../../finding.ts';
import { FIRST_KEY, type SealHead } from './seal-entries.ts';

/**
 * What is not as it was sealed: an entry, or the range of entries that begins with it (keys
 * `userId`, `currency`, `version`); a seal, or the list of its ranges (`number`); or the seal of
 * the given head, which is not there.
 */
export type SealFindingKind = 'ALTERED_ENTRY' | 'ALTERED_SEAL' | 'MISSING_SEAL';

export interface SealVerification extends Verification<SealFindingKind> {
  /** How many seals are intact, before the first that is not. */
  seals: bigint;
}

type SealFinding = Finding<SealFindingKind>;

interface PieceRow {
  userId: string;
  currency: string;
  lastVersion: bigint;
  /** Of the first altered entry. */
  keys: Record<string, string> | null;
}

const input = z.strictObject({
  head: z
    .strictObject({ number: z.bigint().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) })
    .optional(),
  entriesPerPiece: limit({ max: 100_000, fallback: 10_000 }),
});

const selectSeal = statement<{ hash: Buffer; field: string | null }, [number: bigint]>(
  'select_seal',
  `select
     hash,
     case
       when previous_hash is distinct from coalesce(
         (select hash from finance.seals where number = $1::bigint - 1), sha256('')
       ) then 'previous_hash'
       when hash is distinct from finance.seal_hash(number, previous_hash) then 'hash'
       when range_count is distinct from (
         select count(*) from finance.sealed_ranges where seal_number = number
       ) then 'range_count'
     end as field
   from finance.seals
   where number = $1`,
);

// A range counts as one entry at least: with fewer, one whose versions were tampered with could
// fall between two pieces. Entries by a stretch of versions too: with their own place alone, each
// range read all that its wallet ever did, and verifying 80,000 entries in 80 ranges took 34 s, not
// 10.
const selectPiece = statement<
  PieceRow,
  [seal: bigint, owner: string, currency: string, version: bigint, entries: number]
>(
  'select_piece',
  `with ranges_of_piece as materialized (
     select user_id, currency, first_version, last_version, digests, hash
     from (
       select
         *,
         sum(entry_count) over (order by user_id, currency, last_version) - entry_count
           as entries_before
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
     last_of_piece.user_id as "userId",
     last_of_piece.currency,
     last_of_piece.last_version as "lastVersion",
     broken.keys
   from (
     select user_id, currency, last_version
     from ranges_of_piece
     order by user_id desc, currency desc, last_version desc
     limit 1
   ) as last_of_piece
   left join (
     select
       json_build_object(
         'userId', user_id, 'currency', currency,
         'version', coalesce(altered.version, first_version)::text
       ) as keys
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
 * Recomputes the chain of seals from the entries and transactions, seal by seal, and finds the
 * first entry that is not as it was sealed, or the first seal. A statement takes ranges of about
 * `entriesPerPiece` entries, at least one range, so that a ledger of any size keeps within
 * `statement_timeout`. Pass the `head` that `sealEntries` returned and that was kept elsewhere:
 * without it, whoever can rewrite the entries and the whole chain would go unnoticed.
 */
export async function verifySeals(
  db: Db,
  params: { head?: SealHead | undefined; entriesPerPiece?: number | undefined } = {},
): Promise<SealVerification> {
  const { head, entriesPerPiece } = parseInput(input, params);
  for (let number = 1n; ; number += 1n) {
    const [seal] = await selectSeal(db, [number]);
    if (seal === undefined) return verdictOn(number, findMissing(number, head));
    const finding =
      (await findAltered(db, number, entriesPerPiece)) ?? findForeign(number, seal, head);
    if (finding !== undefined) return verdictOn(number, finding);
  }
}

/** All seals before this one are intact. */
function verdictOn(number: bigint, finding: SealFinding | undefined): SealVerification {
  const findings = finding === undefined ? [] : [finding];
  return { clean: finding === undefined, findings, seals: number - 1n };
}

/** Where the chain ends before its head. */
function findMissing(number: bigint, head: SealHead | undefined): SealFinding | undefined {
  if (head === undefined || head.number < number) return undefined;
  const keys = { number: head.number.toString() };
  return { kind: 'MISSING_SEAL', keys, field: null, expected: head.hash, actual: null };
}

/** The first altered entry of a seal. */
async function findAltered(
  db: Db,
  seal: bigint,
  perPiece: number,
): Promise<SealFinding | undefined> {
  let [owner, currency]: readonly [string, string] = FIRST_KEY;
  let version = 0n;
  for (;;) {
    const [piece] = await selectPiece(db, [seal, owner, currency, version, perPiece]);
    if (piece === undefined) return undefined;
    const { keys } = piece;
    if (keys) return { kind: 'ALTERED_ENTRY', keys, field: null, expected: null, actual: null };
    [owner, currency, version] = [piece.userId, piece.currency, piece.lastVersion];
  }
}

/**
 * A seal that does not follow from the one before and its ranges, or is not the head that was kept.
 */
function findForeign(
  number: bigint,
  seal: { hash: Buffer; field: string | null },
  head: SealHead | undefined,
): SealFinding | undefined {
  const finding = { kind: 'ALTERED_SEAL', keys: { number: number.toString() } } as const;
  if (seal.field !== null) return { ...finding, field: seal.field, expected: null, actual: null };
  const actual = seal.hash.toString('hex');
  if (head?.number !== number || head.hash === actual) return undefined;
  return { ...finding, field: 'hash', expected: head.hash, actual };
}
