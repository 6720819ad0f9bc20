interface Forbidden {
  table: string;
  row?: Record<string, unknown>;
  statements: string[];
}

const inAnHour = () => new Date(Date.now() + 3_600_000);
const rejected = { status: 'REJECTED', rejectedAt: inAnHour(), rejectionReason: 'copied' };
const failed = { status: 'FAILED', failedAt: inAnHour() };

/** What each trigger forbids: statements that it refuses, with one stored row of the table. */
export const forbidden: Record<string, Forbidden> = {
  assessments_final: {
    table: 'education.assessments',
    row: {
      status: 'GRADED',
      startedAt: new Date(1),
      submittedAt: new Date(1),
      completedAt: new Date(1),
      answers: [],
      score: 5,
    },
    statements: ['update education.assessments set score = 6 where score = 5'],
  },
  assessments_no_truncate: {
    table: 'education.assessments',
    statements: ['truncate education.assessments'],
  },
  audit_log_append_only: {
    table: 'platform.audit_log',
    statements: [
      `update platform.audit_log set action = 'user.changed'`,
      'delete from platform.audit_log',
      'truncate platform.audit_log',
    ],
  },
  course_completions_append_only: {
    table: 'education.course_completions',
    statements: [
      'update education.course_completions set published_at = now()',
      'truncate education.course_completions cascade',
    ],
  },
  course_revisions_append_only: {
    table: 'education.course_revisions',
    statements: [
      `update education.course_revisions set policy = 'PIN'`,
      'delete from education.course_revisions',
      'truncate education.course_revisions cascade',
    ],
  },
  currencies_final: {
    table: 'finance.currencies',
    statements: [
      'update finance.currencies set scale = scale + 1',
      `update finance.currencies set code = code || 'X'`,
    ],
  },
  enrollments_no_truncate: {
    table: 'education.enrollments',
    statements: ['truncate education.enrollments cascade'],
  },
  entries_append_only: {
    table: 'finance.entries',
    statements: [
      'update finance.entries set amount = amount * 2',
      'delete from finance.entries',
      'truncate finance.entries cascade',
    ],
  },
  holds_append_only: { table: 'finance.holds', statements: ['delete from finance.holds'] },
  holds_no_truncate: { table: 'finance.holds', statements: ['truncate finance.holds'] },
  holds_open_pending: {
    table: 'finance.holds',
    statements: [
      `insert into finance.holds
         (user_id, id, currency, amount, status, expires_at, resolved_at)
       select user_id, gen_random_uuid(), currency, amount, 'EXPIRED', expires_at, expires_at
       from finance.holds
       limit 1`,
    ],
  },
  holds_resolved_once: {
    table: 'finance.holds',
    statements: ['update finance.holds set amount = amount + 1'],
  },
  job_applications_key_final: {
    table: 'marketplace.job_applications',
    row: { matchScore: 5 },
    statements: [
      'update marketplace.job_applications set user_id = gen_random_uuid()',
      'update marketplace.job_applications set job_id = gen_random_uuid()',
      `update marketplace.job_applications set applied_at = applied_at + interval '1 day'`,
      'update marketplace.job_applications set match_score = 6',
      `update marketplace.job_applications set cover_letter = 'altered'`,
      `update marketplace.job_applications set resume = 'altered'`,
    ],
  },
  mining_activities_decided_stay: {
    table: 'finance.mining_activities',
    row: rejected,
    statements: ['delete from finance.mining_activities'],
  },
  mining_activities_final: {
    table: 'finance.mining_activities',
    row: rejected,
    statements: [
      `update finance.mining_activities set status = 'PENDING', rejected_at = null, rejection_reason = null`,
      'update finance.mining_activities set tokens_earned = tokens_earned + 1',
    ],
  },
  mining_activities_no_truncate: {
    table: 'finance.mining_activities',
    statements: ['truncate finance.mining_activities'],
  },
  occurrence_sums_moved_by_ledger: {
    table: 'finance.occurrence_sums',
    statements: [
      'update finance.occurrence_sums set amount = 0',
      'delete from finance.occurrence_sums',
      'truncate finance.occurrence_sums',
    ],
  },
  payment_references_append_only: {
    table: 'finance.payment_references',
    statements: [
      `update finance.payment_references set reference = reference || '2'`,
      'delete from finance.payment_references',
    ],
  },
  payment_references_no_truncate: {
    table: 'finance.payment_references',
    statements: ['truncate finance.payment_references'],
  },
  payments_final: {
    table: 'finance.payments',
    row: failed,
    statements: [
      'update finance.payments set amount = amount + 1',
      `update finance.payments set status = 'PENDING', failed_at = null where status = 'FAILED'`,
    ],
  },
  payments_no_truncate: {
    table: 'finance.payments',
    statements: ['truncate finance.payments, finance.payment_references'],
  },
  payments_reference_final: {
    table: 'finance.payments',
    statements: [
      `update finance.payments set provider_reference = 'another'`,
      `update finance.payments set provider = 'another'`,
    ],
  },
  payments_settled_stay: {
    table: 'finance.payments',
    row: failed,
    statements: [`delete from finance.payments where status = 'FAILED'`],
  },
  progress_events_append_only: {
    table: 'education.progress_events',
    statements: [
      `update education.progress_events set kind = 'progressed'`,
      'truncate education.progress_events',
    ],
  },
  revision_modules_append_only: {
    table: 'education.revision_modules',
    statements: [
      'update education.revision_modules set weight = 1',
      'delete from education.revision_modules',
      'truncate education.revision_modules cascade',
    ],
  },
  revision_prerequisites_append_only: {
    table: 'education.revision_prerequisites',
    statements: [
      'update education.revision_prerequisites set prerequisite_id = module_id',
      'delete from education.revision_prerequisites',
      'truncate education.revision_prerequisites',
    ],
  },
  sealed_ranges_append_only: {
    table: 'finance.sealed_ranges',
    statements: [
      'update finance.sealed_ranges set seal_number = 1',
      'delete from finance.sealed_ranges',
      'truncate finance.sealed_ranges',
    ],
  },
  seals_append_only: {
    table: 'finance.seals',
    statements: [
      'update finance.seals set range_count = 2',
      'delete from finance.seals',
      'truncate finance.seals cascade',
    ],
  },
  skill_endorsements_final: {
    table: 'marketplace.skill_endorsements',
    statements: ['update marketplace.skill_endorsements set endorser_id = gen_random_uuid()'],
  },
  transactions_append_only: {
    table: 'finance.transactions',
    statements: ['delete from finance.transactions'],
  },
  transactions_final: {
    table: 'finance.transactions',
    row: { status: 'CANCELLED' },
    statements: [`update finance.transactions set description = 'altered'`],
  },
  transactions_no_truncate: {
    table: 'finance.transactions',
    statements: ['truncate finance.transactions cascade'],
  },
  wallets_moved_by_ledger: {
    table: 'finance.wallets',
    statements: [
      'update finance.wallets set posted = posted + 1',
      'update finance.wallets set held = 0, version = 0',
      `update finance.wallets set credit_limit = 5`,
    ],
  },
  wallets_no_truncate: {
    table: 'finance.wallets',
    statements: ['truncate finance.wallets cascade'],
  },
  wallets_system_open: {
    table: 'finance.wallets',
    statements: [
      `update finance.wallets set status = 'CLOSED', closed_at = now() where kind = 'FEES' and posted = 0`,
    ],
  },
  wallets_system_stay: {
    table: 'finance.wallets',
    statements: [`delete from finance.wallets where kind <> 'USER'`],
  },
};
