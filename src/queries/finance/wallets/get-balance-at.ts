import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { InvalidInputError, NotFoundError } from '../../../errors.ts';
import { instant, parseInput } from '../../../input/validate.ts';
import { ownerOf, type WalletRef, walletRefWith } from './wallet-ref.ts';

const input = walletRefWith({ recordedAt: instant.optional(), occurredAt: instant.optional() });

type BalanceRow = { posted: string | null };
type Moment = [owner: string, currency: string, at: Date];

const selectRecordedBalance = statement<BalanceRow, Moment>(
  'select_recorded_balance',
  `select posted::text as posted
   from finance.balance_at_recorded($1, $2, $3)`,
);

const selectOccurredBalance = statement<BalanceRow, Moment>(
  'select_occurred_balance',
  'select finance.balance_at_occurred($1, $2, $3)::text as posted',
);

/**
 * Which balance: what was recorded by an instant, or what had happened by it as far as is known
 * now.
 */
export type BalanceAtParams = WalletRef &
  (
    | {
        /** What was recorded by this instant, in the years 1 to 9999, counts. */
        recordedAt: Date;
        /** Left out, because `recordedAt` is given. */
        occurredAt?: undefined;
      }
    | {
        /** What had happened by this instant, in the years 1 to 9999, counts. */
        occurredAt: Date;
        /** Left out, because `occurredAt` is given. */
        recordedAt?: undefined;
      }
  );

/**
 * A wallet's balance in the past, in minor units. By `recordedAt` it is what was recorded by then;
 * by `occurredAt`, what the books say now about then, backdated entries included. A transaction
 * counts from its own `recordedAt` or `occurredAt` on, that instant included. By `occurredAt` the
 * answer can be below zero, or more than a wallet may hold, because it is not what anybody ever
 * had.
 *
 * A transaction takes its recorded time before it commits. So the answer for an instant can still
 * change while transactions that were open at that instant are, and then no more, unless the
 * server's clock is set back behind it. Nobody can record earlier than his own transaction began,
 * but for half a second that plain SQL has.
 *
 * Both read a bounded number of rows: the recorded balance is found by halving over the versions
 * (20 reads in a million entries), and the difference between the two is kept in sums over
 * stretches of time: at most 6 * 255 rows, and one for each 8.9 years.
 *
 * @throws NotFoundError if the wallet was never opened
 */
export async function getBalanceAt(db: Db, params: BalanceAtParams): Promise<bigint> {
  const { recordedAt, occurredAt, ...wallet } = parseInput(input, params);
  const at = recordedAt ?? occurredAt;
  if (at === undefined || (recordedAt !== undefined && occurredAt !== undefined)) {
    throw new InvalidInputError('recordedAt', 'or occurredAt is required, and not both');
  }
  const selectBalance = recordedAt === undefined ? selectOccurredBalance : selectRecordedBalance;
  const [row] = await selectBalance(db, [ownerOf(wallet), wallet.currency, at]);
  if (row === undefined || row.posted === null) {
    throw new NotFoundError('wallet', Object.keys(wallet));
  }
  return BigInt(row.posted);
}
