import type { Db } from '../db/session.ts';
import { verifyProgress } from '../queries/education/progress/verify-progress.ts';
import { auditLedger } from '../queries/finance/audit/audit-ledger.ts';
import type { SealHead } from '../queries/finance/audit/seal-entries.ts';
import { verifySeals } from '../queries/finance/audit/verify-seals.ts';
import type { Finding } from '../queries/finding.ts';
import { verifyJobIndex } from '../queries/marketplace/matching/verify-job-index.ts';

/** The verifiers of what is stored, in the order in which they run. */
export type DataCheck = 'ledger' | 'seals' | 'progress' | 'job index';

interface Terms {
  readonly head?: SealHead | undefined;
  /** The most findings. */
  readonly limit: number;
}

export const dataChecks: Readonly<Record<DataCheck, (db: Db, terms: Terms) => Promise<Finding[]>>> =
  {
    ledger: async (db, { limit }) => (await auditLedger(db, { limit })).findings,
    seals: async (db, { head }) => (await verifySeals(db, { head })).findings,
    progress: async (db, { limit }) => (await verifyProgress(db, { limit })).findings,
    'job index': async (db, { limit }) => (await verifyJobIndex(db, { limit })).findings,
  };
