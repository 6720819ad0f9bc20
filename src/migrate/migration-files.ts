import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AzoraDbError } from '../errors.ts';
import { defaultMigrationsFolder, type JournalEntry, readJournal } from '../journal.ts';

/** A migration as it lies on disk. */
export interface Migration extends JournalEntry {
  /** SHA-256 of the file's text, in hex, with LF line ends and no byte order mark. */
  readonly hash: string;
  /**
   * What may be recorded of it: drizzle-kit hashes the file as it lies there, and git or an editor
   * may have given it other line ends or a byte order mark.
   */
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
    const path = join(migrationsFolder, `${entry.tag}.sql`);
    if (!existsSync(path)) {
      throw new AzoraDbError(
        'MIGRATIONS_MISSING',
        `The journal lists ${entry.tag}, and ${path} does not exist.`,
      );
    }
    const text = readFileSync(path, 'utf8')
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n');
    const windows = text.replaceAll('\n', '\r\n');
    return {
      ...entry,
      hash: sha256(text),
      hashes: [text, windows, `\ufeff${text}`, `\ufeff${windows}`].map(sha256),
      statements: text.split('--> statement-breakpoint').filter((part) => part.trim() !== ''),
      transactional: !opensWithNoTransaction(text),
    };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
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
