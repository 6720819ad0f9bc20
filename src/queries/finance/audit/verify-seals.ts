import { z } from 'zod';
import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import type { Finding, Verification } from '../../finding.ts';
import { type SealHead, sealHead } from './seal-entries.ts';

/**
 * What is not as it was sealed: an entry, or the range of entries that begins with it (keys
 * `userId`, `currency`, `version`); a seal, or the list of its ranges (`number`); the seal of the
 * given head, which is not there. And what was never sealed: a seal that the chain does not reach
 * (`number`), and a range that is none of its seal's (`number`, `place`, `userId`, `currency`,
 * `version`, which is its first).
 */
export type SealFindingKind =
  | 'ALTERED_ENTRY'
  | 'ALTERED_SEAL'
  | 'MISSING_SEAL'
  | 'UNCHAINED_SEAL'
  | 'FORGED_RANGE';

/** What `verifySeals` says. */
export interface SealVerification extends Verification<SealFindingKind> {
  /** How many seals are intact, before the first that is not. */
  seals: bigint;
}

type SealFinding = Finding<SealFindingKind>;

interface SealRow {
  hash: Buffer;
  /** Which column does not follow from its ranges and the seal before. */
  field: string | null;
  /** Whether it does not even follow from its own ranges. */
  isForeign: boolean;
}

interface PieceRow {
  lastPlace: number;
  /** The first range that is not as it was sealed. */
  altered: number | null;
}

const input = () =>
  z.strictObject({
    head: sealHead.optional(),
    entriesPerPiece: limit({ max: 100_000, fallback: 10_000 }),
  });

/** The most findings of each kind beyond the first. */
const LISTED = 100;

const selectSeal = statement<SealRow, [number: bigint]>(
  'select_seal',
  `select
     hash,
     finance.seal_fault(seals) as field,
     hash is distinct from finance.seal_hash(number, previous_hash) as "isForeign"
   from finance.seals
   where number = $1`,
);

// A range counts as one entry at least: with fewer, one whose versions were tampered with could
// fall between two pieces. A piece is of one seal, which is of a bounded size.
const selectPiece = statement<PieceRow, [seal: bigint, afterPlace: number, entries: number]>(
  'select_piece',
  `with ranges_of_piece as materialized (
     select user_id, currency, first_version, last_version, digests, hash, place
     from (
       select *, sum(entry_count) over (order by place) - entry_count as entries_before
       from (
         select
           user_id, currency, first_version, last_version, digests, ranges.hash, place,
           greatest(last_version - first_version + 1, 1) as entry_count
         from finance.sealed_ranges as ranges
         join finance.seals on number = seal_number
         where seal_number = $1
           and place > $2
           and place <= range_count
         order by place
         limit $3
       ) as next_ranges
     ) as counted_ranges
     where entries_before < $3
   )
   select
     max(place) as "lastPlace",
     (
       select min(place)
       from ranges_of_piece
       cross join lateral finance.digest_range(
         user_id, currency, first_version, last_version
       ) as found
       where found.hash <> ranges_of_piece.hash
         or found.digests <> ranges_of_piece.digests
     ) as altered
   from ranges_of_piece
   having count(*) > 0`,
);

const selectAlteredEntry = statement<
  { keys: Record<string, string> },
  [seal: bigint, place: number]
>(
  'select_altered_entry',
  `select
     json_build_object(
       'userId', user_id, 'currency', currency,
       'version', coalesce(altered.version, first_version)::text
     ) as keys
   from finance.sealed_ranges
   left join lateral (
     select version_at as version
     from generate_series(first_version, last_version) as version_at
     left join finance.entries
       on entries.user_id = sealed_ranges.user_id
       and entries.currency = sealed_ranges.currency
       and entries.version = version_at
       and entries.version between first_version and last_version
     left join finance.transactions
       on transactions.user_id = transaction_user_id and transactions.id = transaction_id
     where entries.version is null
       or substring(finance.entry_digest(entries, transactions) for 8)
         <> substring(digests from (8 * (version_at - first_version) + 1)::integer for 8)
     order by version_at
     limit 1
   ) as altered on true
   where seal_number = $1
     and place = $2`,
);

const selectUnchainedSeals = statement<{ number: bigint }, [after: bigint, limit: number]>(
  'select_unchained_seals',
  'select number from finance.seals where number > $1 order by number limit $2',
);

const selectForgedRanges = statement<
  { keys: Record<string, string> },
  [from: bigint, to: bigint | null, limit: number]
>(
  'select_forged_ranges',
  `select
     json_build_object(
       'number', seal_number::text, 'place', place::text,
       'userId', user_id, 'currency', currency, 'version', first_version::text
     ) as keys
   from finance.sealed_ranges
   left join finance.seals on number = seal_number
   where seal_number >= $1
     and ($2::bigint is null or seal_number <= $2)
     and (number is null or place > range_count)
   order by seal_number, place
   limit $3`,
);

/**
 * Recomputes the chain of seals from the entries and transactions, seal by seal, and finds the
 * first entry that is not as it was sealed, or the first seal; and of what comes after it all,
 * up to 100, that was never sealed, since somebody stored it past the triggers. A statement takes
 * ranges of about `entriesPerPiece` entries of one seal, at least one range, so that a ledger of
 * any size keeps within `statement_timeout`. Pass the `head` that `sealEntries` returned and that
 * was kept elsewhere: without it, whoever can rewrite the entries and the whole chain would go
 * unnoticed.
 */
export async function verifySeals(
  db: Db,
  params: {
    /**
     * The head that was kept somewhere else. Default: none, so only what is stored is looked at.
     */
    head?: SealHead | undefined;
    /** About how many entries one statement reads, from 1 to 100,000. Default 10,000. */
    entriesPerPiece?: number | undefined;
  } = {},
): Promise<SealVerification> {
  const { head, entriesPerPiece } = parseInput(input, params);
  const findings: SealFinding[] = [];
  let intact = 0n;
  let number = 1n;
  for (; ; number += 1n) {
    const [seal] = await selectSeal(db, [number]);
    if (seal === undefined) break;
    if (findings.length === 0) {
      findings.push(...(await findBroken(db, number, seal, { head, entriesPerPiece })));
    } else if (seal.isForeign && findings.length < LISTED) {
      findings.push(alteredSeal(number, 'hash'));
    }
    if (findings.length === 0) intact = number;
  }
  findings.push(...(await findUnreached(db, number, head)));
  return { clean: findings.length === 0, findings, seals: intact };
}

/** What is wrong with a seal whose predecessors are intact. */
async function findBroken(
  db: Db,
  number: bigint,
  seal: SealRow,
  options: { head: SealHead | undefined; entriesPerPiece: number },
): Promise<SealFinding[]> {
  const altered = await findAltered(db, number, options.entriesPerPiece);
  if (altered !== undefined) return [altered];
  if (seal.field === 'range_count') {
    const forged = await selectForgedRanges(db, [number, number, LISTED]);
    if (forged.length > 0) return forged.map(({ keys }) => bare('FORGED_RANGE', keys));
  }
  if (seal.field !== null) return [alteredSeal(number, seal.field)];
  const actual = seal.hash.toString('hex');
  const { head } = options;
  if (head?.number !== number || head.hash === actual) return [];
  return [{ ...alteredSeal(number, 'hash'), expected: head.hash, actual }];
}

/** The first altered entry of a seal. */
async function findAltered(
  db: Db,
  seal: bigint,
  perPiece: number,
): Promise<SealFinding | undefined> {
  for (let place = 0; ; ) {
    const [piece] = await selectPiece(db, [seal, place, perPiece]);
    if (piece === undefined) return undefined;
    if (piece.altered !== null) {
      const { keys } = only(await selectAlteredEntry(db, [seal, piece.altered]));
      return bare('ALTERED_ENTRY', keys);
    }
    place = piece.lastPlace;
  }
}

/** What is stored behind the end of the chain, and where the chain ends before its head. */
async function findUnreached(
  db: Db,
  end: bigint,
  head: SealHead | undefined,
): Promise<SealFinding[]> {
  const findings: SealFinding[] = [];
  if (head !== undefined && head.number >= end) {
    const keys = { number: head.number.toString() };
    findings.push({ ...bare('MISSING_SEAL', keys), expected: head.hash });
  }
  for (const { number } of await selectUnchainedSeals(db, [end, LISTED])) {
    findings.push(bare('UNCHAINED_SEAL', { number: number.toString() }));
  }
  for (const { keys } of await selectForgedRanges(db, [end, null, LISTED])) {
    findings.push(bare('FORGED_RANGE', keys));
  }
  return findings;
}

function alteredSeal(number: bigint, field: string): SealFinding {
  return { ...bare('ALTERED_SEAL', { number: number.toString() }), field };
}

function bare(kind: SealFindingKind, keys: Record<string, string>): SealFinding {
  return { kind, keys, field: null, expected: null, actual: null };
}
