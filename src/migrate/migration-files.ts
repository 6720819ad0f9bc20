import {
  defaultMigrationsFolder,
  hashesOf,
  type JournalEntry,
  readJournal,
  readMigrationText,
} from '../journal.ts';

/** A migration as it lies on disk. */
export interface Migration extends JournalEntry {
  /** SHA-256 of the file's text, in hex, with LF line ends and no byte order mark. */
  readonly hash: string;
  /** What may be recorded of it: see `hashesOf`. */
  readonly hashes: readonly string[];
  /** The parts between `--> statement-breakpoint` lines, in order. */
  readonly statements: readonly string[];
  /** False when the file opens with `-- azora-db: no-transaction`. */
  readonly transactional: boolean;
}

const NO_TRANSACTION = /^--\s*azora-db:\s*no-transaction\s*$/;

/**
 * Every migration of a folder, in the order in which they are applied.
 *
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the folder has no journal or lacks a file that it
 * lists.
 */
export function readMigrations(migrationsFolder = defaultMigrationsFolder()): Migration[] {
  return readJournal(migrationsFolder).map((entry) => {
    const text = readMigrationText(entry, migrationsFolder);
    const hashes = hashesOf(text);
    return {
      ...entry,
      hash: hashes[0],
      hashes,
      statements: text.split('--> statement-breakpoint').filter((part) => part.trim() !== ''),
      transactional: !opensWithNoTransaction(text),
    };
  });
}

// Only the comment at the head of a file counts, so that a marker quoted further down does nothing.
function opensWithNoTransaction(text: string): boolean {
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (NO_TRANSACTION.test(trimmed)) return true;
    if (trimmed !== '' && !trimmed.startsWith('--')) return false;
  }
  return false;
}
