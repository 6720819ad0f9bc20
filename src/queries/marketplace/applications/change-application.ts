import { foundBy } from '../../../db/constraint-rules.ts';
import { type Db, isInTransaction } from '../../../db/session.ts';
import { statement } from '../../../db/statement.ts';
import { transaction } from '../../../db/transaction.ts';
import { ConstraintError, NotFoundError, WrongStateError } from '../../../errors.ts';
import type { ApplicationRow, ApplicationStatus } from './application-row.ts';

interface Key {
  userId: string;
  jobId: string;
}

const selectApplicationState = statement<
  { status: ApplicationStatus; withdrawnAt: Date | null },
  [userId: string, jobId: string]
>(
  'select_application_state',
  `select status, withdrawn_at as "withdrawnAt"
   from marketplace.job_applications
   where user_id = $1
     and job_id = $2`,
);

/**
 * What `change` made of an application. `required` says for the error what its status must be.
 *
 * @throws NotFoundError when the user did not apply to the job.
 * @throws WrongStateError with the status that it is in, WITHDRAWN too, when that ends the way.
 */
export async function changeApplication(
  db: Db,
  { userId, jobId }: Key,
  required: string,
  change: (db: Db) => Promise<ApplicationRow[]>,
): Promise<ApplicationRow> {
  try {
    // A savepoint inside a caller's transaction, so that the status can be read after a refusal.
    const [row] = await (isInTransaction(db) ? transaction(db, change) : change(db));
    if (row === undefined) throw new NotFoundError('application', ['userId', 'jobId']);
    return row;
  } catch (error) {
    const isOver =
      error instanceof ConstraintError && error.constraint === 'job_applications_forward_check';
    if (!isOver) throw error;
    const [state] = await selectApplicationState(db, [userId, jobId]);
    if (state === undefined) throw new NotFoundError('application', ['userId', 'jobId']);
    const status = state.withdrawnAt === null ? state.status : 'WITHDRAWN';
    throw foundBy(new WrongStateError('application', status, required), error);
  }
}
