export type { SchemaDifference } from '../catalog/compare-entries.ts';
export { type JournalEntry, readJournal } from '../journal.ts';
export { MigrationError, type MigrationErrorCode } from './errors.ts';
export { type MigrateEvent, type MigrateOptions, migrate } from './migrate.ts';
export {
  getMigrationStatus,
  listPendingMigrations,
  type MigrationStatus,
  type SchemaVerification,
  type StatusOptions,
  verifySchema,
} from './status.ts';
