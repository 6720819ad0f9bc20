import { z } from 'zod';
import type { Db } from '../../session.ts';
import { statement } from '../../statement.ts';
import { parseInput } from '../../validate.ts';
import type { SealHead } from './seal-entries.ts';
import { toWalletRef, type WalletRef } from './wallet-ref.ts';

/** The first thing that is not as it was sealed. */
export interface Alteration {
  readonly seal: bigint;
  /** The first altered entry; null when the seal itself, or the list of its ranges, was altered. */
  readonly wallet: WalletRef | null;
  readonly version: bigint | null;
}

export interface SealVerdict {
  readonly isIntact: boolean;
  readonly seals: bigint;
  readonly altered: Alteration | null;
}

interface SealRow {
  readonly number: bigint;
  readonly hash: Buffer;
  readonly is_chained: boolean;
}

interface RangeRow {
  readonly user_id: string;
  readonly currency: string;
  readonly version: bigint;
}

const input = z.strictObject({
  head: z
    .strictObject({ number: z.bigint().positive(), hash: z.string().regex(/^[0-9a-f]{64}$/) })
    .optional(),
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

const selectBrokenRange = statement<RangeRow>(
  'verify_ranges',
  `select user_id, currency, coalesce(altered.version, first_version) as version
   from finance.sealed_ranges
   left join lateral (
     select place as version
     from generate_series(first_version, last_version) as place
     left join finance.entries
       on entries.user_id = sealed_ranges.user_id
       and entries.currency = sealed_ranges.currency
       and entries.version = place
     left join finance.transactions
       on transactions.user_id = transaction_user_id and transactions.id = transaction_id
     where entries.version is null
       or substring(finance.entry_digest(entries, transactions) for 8)
         <> substring(digests from (8 * (place - first_version) + 1)::integer for 8)
     order by place
     limit 1
   ) as altered on true
   where seal_number = $1
     and (
       altered.version is not null
       or hash <> finance.range_hash(user_id, currency, first_version, last_version)
     )
   order by user_id, currency, last_version
   limit 1`,
);

/**
 * Recomputes the chain of seals from the entries and transactions, seal by seal, and names the first entry that is not
 * as it was sealed. Pass the `head` that `sealEntries` returned and that was kept elsewhere: without it, whoever can
 * rewrite the entries and the whole chain would go unnoticed.
 */
export async function verifySeals(db: Db, params: { head?: SealHead } = {}): Promise<SealVerdict> {
  const { head } = parseInput(input, params);
  for (let number = 1n; ; number += 1n) {
    const [seal] = await selectSeal(db, [number]);
    if (seal === undefined) {
      const isCut = head !== undefined && head.number >= number;
      const altered = isCut ? { seal: number, wallet: null, version: null } : null;
      return { isIntact: !isCut, seals: number - 1n, altered };
    }
    const [broken] = await selectBrokenRange(db, [number]);
    const isOther = head?.number === number && head.hash !== seal.hash.toString('hex');
    if (broken === undefined && seal.is_chained && !isOther) continue;
    const wallet = broken === undefined ? null : toWalletRef(broken.user_id, broken.currency);
    const altered = { seal: number, wallet, version: broken?.version ?? null };
    return { isIntact: false, seals: number - 1n, altered };
  }
}
