import { columns, type RowOf } from '../../../db/columns.ts';
import type { Db } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { NotFoundError } from '../../../errors.ts';
import { defineCursor, integerText, toPage } from '../../../input/cursor.ts';
import { limit, parseInput } from '../../../input/validate.ts';
import { entries } from '../../../schema/finance/entries.ts';
import { transactions } from '../../../schema/finance/transactions.ts';
import type { Page, PageParams } from '../../page.ts';
import { ownerOf, type WalletRef, walletRefWith } from './wallet-ref.ts';

const MAX_VERSION = 2n ** 63n - 1n;
const cursor = defineCursor('statement', integerText);
const input = walletRefWith({
  limit: limit({ max: 1_000, fallback: 50 }),
  cursor: cursor.field,
});

const entryColumns = columns(entries, ['version', 'amount', 'postedAfter', 'recordedAt']);
const keyColumns = columns(entries, ['transactionUserId', 'transactionId']);
const purposeColumns = columns(transactions, ['type', 'description', 'occurredAt']);

type LineEntry = RowOf<typeof entryColumns>;
type LinePurpose = RowOf<typeof purposeColumns>;

/** A line of a wallet's statement. Amounts are in minor units. */
export interface StatementLine extends LineEntry, LinePurpose {
  /** The transaction's key: who started it, and its id. */
  transaction: {
    /** The owner who started it: a UUID. */
    userId: string;
    /** The transaction's id: a UUID. */
    id: string;
  };
}

type Line = LineEntry & LinePurpose & RowOf<typeof keyColumns>;

interface StatementParams extends PageParams {
  /** How many lines at most, from 1 to 1,000. Default 50. */
  limit?: number | undefined;
}

/** A page of a statement, newest line first. */
export interface StatementPage extends Page<StatementLine> {
  /** The balance before the oldest line of the page. */
  openingBalance: bigint;
  /** The balance after its newest line. */
  closingBalance: bigint;
}

// The page is cut before the join, and each line looks its transaction up by key: as a plain join
// the planner may read all transactions instead. The outer join gives a wallet without entries a
// row of nulls, and no row to a wallet that does not exist.
const selectLines = statement<
  { [K in keyof Line]: Line[K] | null },
  [owner: string, currency: string, below: bigint, limit: number]
>(
  'select_lines',
  `select ${entryColumns.of('line')}, ${keyColumns.of('line')}, ${purposeColumns.of('posted')}
   from finance.wallets
   left join lateral (
     select version, amount, posted_after, transaction_user_id, transaction_id, recorded_at
     from finance.entries
     where entries.user_id = wallets.user_id
       and entries.currency = wallets.currency
       and entries.version < $3
     order by version desc
     limit $4
   ) as line on true
   left join lateral (
     select type, description, occurred_at
     from finance.transactions
     where transactions.user_id = line.transaction_user_id
       and transactions.id = line.transaction_id
     limit 1
   ) as posted on true
   where wallets.user_id = $1
     and wallets.currency = $2
   order by line.version desc`,
);

/**
 * A wallet's entries, newest first, 50 by default and 1,000 at most, with the balances around the
 * page. It pages by version, which numbers the entries without gaps: a page costs the same at any
 * depth, and new entries do not shift it.
 *
 * @throws NotFoundError if the wallet was never opened
 */
export async function listStatement(
  db: Db,
  params: WalletRef & StatementParams,
): Promise<StatementPage> {
  const { limit: size, cursor: after, ...wallet } = parseInput(input, params);
  const below = after ?? MAX_VERSION;
  const rows = await selectLines(db, [ownerOf(wallet), wallet.currency, below, size + 1]);
  if (rows.length === 0) throw new NotFoundError('wallet', Object.keys(wallet));
  const lines = rows.filter(isLine).map(toStatementLine);
  const page = toPage(lines, size, (last) => cursor.encode(last.version));
  const [newest, oldest] = [page.items[0], page.items.at(-1)];
  return {
    ...page,
    openingBalance: oldest === undefined ? 0n : oldest.postedAfter - oldest.amount,
    closingBalance: newest?.postedAfter ?? 0n,
  };
}

function isLine(row: { version: bigint | null }): row is Line {
  return row.version !== null;
}

function toStatementLine({ transactionUserId, transactionId, ...line }: Line): StatementLine {
  return { ...line, transaction: { userId: transactionUserId, id: transactionId } };
}
