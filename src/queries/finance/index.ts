export type { FindingKind } from './audit/audit-check.ts';
export { auditLedger } from './audit/audit-ledger.ts';
export { type SealHead, sealEntries } from './audit/seal-entries.ts';
export { type SealFindingKind, type SealVerification, verifySeals } from './audit/verify-seals.ts';
export {
  BalanceLimitError,
  CombinerClosedError,
  type FailureCode,
  IdempotencyConflictError,
  InsufficientFundsError,
  ReferenceTakenError,
  RejectedError,
  UnknownCurrencyError,
} from './errors.ts';
export { type CaptureParams, captureHold } from './holds/capture-hold.ts';
export { expireHolds } from './holds/expire-holds.ts';
export { type HoldParams, placeHold } from './holds/place-hold.ts';
export { releaseHold } from './holds/release-hold.ts';
export type { MiningActivityDetail } from './mining/mining-activity.ts';
export { rejectMiningActivity } from './mining/reject-mining-activity.ts';
export { rewardMiningActivity } from './mining/reward-mining-activity.ts';
export { type MiningParams, submitMiningActivity } from './mining/submit-mining-activity.ts';
export { verifyMiningActivity } from './mining/verify-mining-activity.ts';
export { createPayment, type NewPaymentParams } from './payments/create-payment.ts';
export { failPayment } from './payments/fail-payment.ts';
export type { PaymentDetail } from './payments/payment.ts';
export { refundPayment } from './payments/refund-payment.ts';
export { settlePayment } from './payments/settle-payment.ts';
export {
  type CombinerOptions,
  createTransferCombiner,
  type TransferCombiner,
} from './transfers/create-transfer-combiner.ts';
export { deposit, type ExternalMoneyParams } from './transfers/deposit.ts';
export { type ExchangeParams, exchange } from './transfers/exchange.ts';
export {
  getTransaction,
  type LedgerEntry,
  type TransactionDetail,
} from './transfers/get-transaction.ts';
export type { LedgerTransaction, TransactionType } from './transfers/ledger-transaction.ts';
export { postTransfers, type TransferResult } from './transfers/post-transfers.ts';
export type { TransferParams } from './transfers/request.ts';
export { type ReversalParams, reverseTransaction } from './transfers/reverse-transaction.ts';
export { transfer } from './transfers/transfer.ts';
export { withdraw } from './transfers/withdraw.ts';
export { closeWallet } from './wallets/close-wallet.ts';
export { type BalanceAtParams, getBalanceAt } from './wallets/get-balance-at.ts';
export { getWallet } from './wallets/get-wallet.ts';
export { listStatement, type StatementLine, type StatementPage } from './wallets/list-statement.ts';
export { listWallets } from './wallets/list-wallets.ts';
export { openWallet } from './wallets/open-wallet.ts';
export type { WalletBalance } from './wallets/wallet-balance.ts';
export {
  type NamedWalletRef,
  parseWalletAddress,
  type SystemWallet,
  systemOwners,
  type WalletRef,
} from './wallets/wallet-ref.ts';
