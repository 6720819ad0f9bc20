import { checksOf, longText, second } from './case.ts';

const verified = { status: 'VERIFIED', createdAt: second(1), verifiedAt: second(1) };
const rejected = {
  status: 'REJECTED',
  createdAt: second(1),
  rejectedAt: second(1),
  rejectionReason: 'copied',
};
const failed = { status: 'FAILED', createdAt: second(1), failedAt: second(1) };

const captured = {
  status: 'CAPTURED',
  captured: 1n,
  createdAt: second(1),
  resolvedAt: second(1),
  resolutionId: '01890000-0000-7000-8000-000000000000',
};

export const financeChecks = [
  ...checksOf('finance.currencies', {
    code_form: { code: 'Zar' },
    name_length: { name: '' },
    scale_range: [{ scale: 18 }, { scale: 19 }],
    supply_limit_positive: [{ supplyLimit: 1n }, { supplyLimit: 0n }],
  }),
  ...checksOf(
    'finance.wallets',
    {
      available: [
        { posted: 5n, held: 5n, version: 1n },
        { posted: 5n, held: 6n, version: 1n },
      ],
      held_not_negative: { held: -1n },
      closed_has_time: [{ status: 'CLOSED', closedAt: second(1) }, { closedAt: null }],
      closed_is_empty: [
        { status: 'CLOSED', closedAt: second(1) },
        { posted: 5n, version: 1n },
      ],
    },
    { withoutTriggers: true },
  ),
  ...checksOf('finance.transactions', {
    amount_positive: { amount: 0n },
    idempotency_key_length: { idempotencyKey: '' },
    request_hash_sha256: { requestHash: Buffer.alloc(31) },
    metadata_object: { metadata: [] },
    failure: [
      { status: 'FAILED', failureCode: 'WALLET_CLOSED', failureFacts: {} },
      { failureFacts: null },
    ],
    rate: [{ type: 'EXCHANGE', rateNumerator: 3n, rateDenominator: 2n }, { rateDenominator: 0n }],
  }),
  ...checksOf(
    'finance.entries',
    {
      version_positive: { version: 0n },
      amount_not_zero: { amount: 0n },
      occurred_only_if_other: [
        { recordedAt: second(2), occurredAt: second(1) },
        { occurredAt: second(2) },
      ],
    },
    { withoutTriggers: true },
  ),
  ...checksOf(
    'finance.occurrence_sums',
    { level_range: [{ level: 6 }, { level: 7 }] },
    {
      withoutTriggers: true,
    },
  ),
  ...checksOf(
    'finance.holds',
    {
      amount_positive: { amount: 0n },
      captured_within_amount: [{ ...captured, amount: 5n, captured: 5n }, { captured: 6n }],
      captured_has_amount: { captured: 1n },
      resolved_has_time: { resolvedAt: second(59), createdAt: second(1) },
      resolved_by_transaction: [captured, { resolutionId: null }],
      expires_after_created: { createdAt: second(1), expiresAt: second(1) },
      expired_when_due: [
        { status: 'EXPIRED', createdAt: second(1), expiresAt: second(3), resolvedAt: second(3) },
        { resolvedAt: second(2) },
      ],
      resolved_after_created: [captured, { resolvedAt: second(0) }],
    },
    { withoutTriggers: true },
  ),
  ...checksOf('finance.mining_activities', {
    idempotency_key_length: { idempotencyKey: '' },
    tokens_positive: { tokensEarned: 0n },
    metadata_object: { metadata: [] },
    verified_has_time: [verified, { verifiedAt: null }],
    rewarded_has_time: { rewardedAt: second(1) },
    rewarded_has_transaction: { ...verified, status: 'REWARDED', rewardedAt: second(1) },
    rejected_has_time: [rejected, { rejectedAt: null }],
    rejected_has_reason: [rejected, { rejectionReason: null }],
    verified_after_created: [verified, { verifiedAt: second(0) }],
    rejected_after_created: [rejected, { rejectedAt: second(0) }],
    rewarded_after_verified: {
      ...verified,
      status: 'REWARDED',
      rewardedAt: second(0),
      transactionId: '01890000-0000-7000-8000-000000000000',
    },
  }),
  ...checksOf('finance.payments', {
    amount_positive: { amount: 0n },
    provider_length: { provider: '' },
    provider_reference_length: { providerReference: longText(201) },
    enrollment_names_course: { type: 'ENROLLMENT' },
    completed_has_time: { createdAt: second(1), completedAt: second(1) },
    completed_has_transaction: {
      status: 'COMPLETED',
      createdAt: second(1),
      completedAt: second(1),
    },
    completed_after_created: {
      status: 'COMPLETED',
      createdAt: second(1),
      completedAt: second(0),
      transactionId: '01890000-0000-7000-8000-000000000000',
    },
    failed_has_time: [failed, { failedAt: null }],
    failed_after_created: [failed, { failedAt: second(0) }],
    refunded_has_time: { refundedAt: second(1) },
    refunded_after_completed: {
      status: 'REFUNDED',
      createdAt: second(1),
      completedAt: second(1),
      refundedAt: second(0),
      transactionId: '01890000-0000-7000-8000-000000000000',
    },
  }),
  ...checksOf('finance.seals', {
    number_positive: { number: 0n },
    hash_sha256: { hash: Buffer.alloc(31) },
    previous_hash_sha256: { previousHash: Buffer.alloc(31) },
    range_count_positive: { rangeCount: 0 },
  }),
  ...checksOf(
    'finance.sealed_ranges',
    {
      versions: { firstVersion: 3n, lastVersion: 2n, digests: Buffer.alloc(0) },
      place_positive: { place: 0 },
      digests_length: { digests: Buffer.alloc(7) },
      hash_sha256: { hash: Buffer.alloc(31) },
    },
    { withoutTriggers: true },
  ),
];
