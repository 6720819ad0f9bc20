import type { Db } from '../../../db/session.ts';
import { only, statement } from '../../../db/statement.ts';
import { retryConflicts } from './retry-conflicts.ts';
import {
  type LedgerTransaction,
  settleOutcome,
  TRANSACTION_COLUMNS,
  type TransactionRow,
} from './transaction-row.ts';
import type { TransferRequest } from './transfer-input.ts';

const post = statement<TransactionRow>(
  'post_transfer',
  `select ${TRANSACTION_COLUMNS}
   from finance.post_transfer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
);

/** Posts one checked transfer, in one round trip, and returns or throws its outcome. */
export async function postTransfer(db: Db, request: TransferRequest): Promise<LedgerTransaction> {
  const values = [
    request.initiator,
    request.key,
    request.hash,
    request.type,
    request.from,
    request.to,
    request.currency,
    request.amount,
    request.occurredAt,
    request.description,
    request.metadata,
  ];
  const row = only(await retryConflicts(db, () => post(db, values)));
  return settleOutcome(row, request.hash);
}
