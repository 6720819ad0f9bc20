export type { FindingKind } from './audit-checks.ts';
export { auditLedger, type Finding } from './audit-ledger.ts';
export { type CaptureParams, captureHold } from './capture-hold.ts';
export { closeWallet } from './close-wallet.ts';
export { createPayment, type NewPaymentParams } from './create-payment.ts';
export {
  type CombinerOptions,
  createTransferCombiner,
  type TransferCombiner,
} from './create-transfer-combiner.ts';
export { deposit, type ExternalMoneyParams } from './deposit.ts';
export {
  BalanceLimitError,
  CombinerClosedError,
  type FailureCode,
  IdempotencyConflictError,
  InsufficientFundsError,
  ReferenceTakenError,
  RejectedError,
} from './errors.ts';
export { type ExchangeParams, exchange } from './exchange.ts';
export { expireHolds } from './expire-holds.ts';
export { failPayment } from './fail-payment.ts';
export { type BalanceAtParams, getBalanceAt } from './get-balance-at.ts';
export { getTransaction, type LedgerEntry, type TransactionDetail } from './get-transaction.ts';
export { getWallet } from './get-wallet.ts';
export { listStatement, type StatementLine, type StatementPage } from './list-statement.ts';
export { listWallets } from './list-wallets.ts';
export type { MiningActivityDetail } from './mining-activity.ts';
export { openWallet } from './open-wallet.ts';
export type { PaymentDetail } from './payment.ts';
export { type HoldParams, placeHold } from './place-hold.ts';
export { postTransfers, type TransferResult } from './post-transfers.ts';
export { refundPayment } from './refund-payment.ts';
export { rejectMiningActivity } from './reject-mining-activity.ts';
export { releaseHold } from './release-hold.ts';
export { type ReversalParams, reverseTransaction } from './reverse-transaction.ts';
export { rewardMiningActivity } from './reward-mining-activity.ts';
export { type SealHead, sealEntries } from './seal-entries.ts';
export { settlePayment } from './settle-payment.ts';
export { type MiningParams, submitMiningActivity } from './submit-mining-activity.ts';
export type { LedgerTransaction, TransactionType } from './transaction-row.ts';
export { transfer } from './transfer.ts';
export type { TransferParams } from './transfer-input.ts';
export { verifyMiningActivity } from './verify-mining-activity.ts';
export { type Alteration, type SealVerdict, verifySeals } from './verify-seals.ts';
export {
  type NamedWalletRef,
  parseWalletAddress,
  type SystemWallet,
  systemOwners,
  type WalletRef,
} from './wallet-ref.ts';
export type { WalletBalance } from './wallet-row.ts';
export { withdraw } from './withdraw.ts';
