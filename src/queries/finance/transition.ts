import type { Db } from '../../db/session.ts';
import { only, type Statement } from '../../db/statement.ts';
import { transaction } from '../../db/transaction.ts';
import { NotFoundError, WrongStateError } from '../../errors.ts';

export interface Transition<Row extends { status: string }> {
  /** The statuses that it leads from. */
  from: readonly Row['status'][];
  /** Those of a row that has been through it: it stays as it is. */
  past: readonly Row['status'][];
  /** Updates the row, which is locked, and returns it. */
  update(tx: Db, row: Row): Promise<Row[]>;
}

/**
 * Takes rows of a kind from one status to another, each in one transaction that keeps the row
 * locked: so of several at once one updates it, and the others find it updated.
 *
 * @throws NotFoundError if there is no such row
 * @throws WrongStateError if its status is none of those
 */
export function transitionsOf<Row extends { status: string }>(
  entity: string,
  lockedRow: Statement<Row, [userId: string, id: string]>,
) {
  return (db: Db, key: { userId: string; id: string }, step: Transition<Row>): Promise<Row> =>
    transaction(db, async (tx) => {
      const [row] = await lockedRow(tx, [key.userId, key.id]);
      if (row === undefined) throw new NotFoundError(entity, ['userId', 'id']);
      if (step.past.includes(row.status)) return row;
      if (!step.from.includes(row.status)) {
        throw new WrongStateError(entity, row.status, step.from.join(' or '));
      }
      return only(await step.update(tx, row));
    });
}
