import type { Statement } from '../../../db/statement.ts';
import type { Finding } from '../../finding.ts';

/** What an audit can find wrong. */
export type FindingKind =
  | 'UNBALANCED_TRANSACTION'
  | 'MISSING_ENTRIES'
  | 'UNEXPECTED_ENTRIES'
  | 'CURRENCY_MISMATCH'
  | 'AMOUNT_MISMATCH'
  | 'TIME_MISMATCH'
  | 'VERSION_GAP'
  | 'RUNNING_BALANCE_MISMATCH'
  | 'TIME_DISORDER'
  | 'TIME_AHEAD'
  | 'BALANCE_MISMATCH'
  | 'VERSION_MISMATCH'
  | 'POSTED_AT_MISMATCH'
  | 'HELD_MISMATCH'
  | 'HOLD_EXPIRY_MISMATCH'
  | 'NEGATIVE_AVAILABLE'
  | 'ORPHAN_HOLD'
  | 'EARLY_EXPIRY'
  | 'MISSING_HOLD'
  | 'ORPHAN_ENTRY'
  | 'OCCURRENCE_MISMATCH'
  | 'SUPPLY_EXCEEDED'
  | 'MISSING_SYSTEM_WALLET'
  | 'CLOSED_SYSTEM_WALLET'
  | 'PAYMENT_MISMATCH'
  | 'REFERENCE_MISMATCH'
  | 'REWARD_MISMATCH'
  | 'REFERENCE_BROKEN';

export type AuditFinding = Finding<FindingKind>;

/** One statement that returns the findings of its kinds. */
export type AuditCheck = Statement<AuditFinding, [limit: number]>;
