export {
  type CheckDatabaseParams,
  checkDatabase,
  type DatabaseCheck,
  type DatabaseFinding,
  type DatabaseVerification,
} from './check-database.ts';
