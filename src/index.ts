export { type ConnectOptions, connect } from './db/connect.ts';
export type { Database, Db, Transaction, TransactionOptions } from './db/session.ts';
export { getDriverError, toDbError } from './db/to-db-error.ts';
export { transaction } from './db/transaction.ts';
export type { OnStatement, StatementEvent } from './db/watch-statements.ts';
export * from './doctor/index.ts';
export * from './errors.ts';
export * from './esco/index.ts';
export { type Json, type Jsonified, toJson } from './json.ts';
export * from './money.ts';
export {
  type Money,
  type MoneyJson,
  moneyFromJson,
  moneyToJson,
  platformCurrencies,
} from './money-json.ts';
export * from './queries/education/index.ts';
export * from './queries/finance/index.ts';
export type { Finding, Verification } from './queries/finding.ts';
export * from './queries/marketplace/index.ts';
export * from './rule-errors.ts';
