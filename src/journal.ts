import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AzoraDbError } from './errors.ts';
import { packageRoot } from './package-root.ts';

/** One migration as drizzle-kit's journal lists it; `when` is its key in the books. */
export interface JournalEntry {
  /** Its place in the journal: they are applied in this order. */
  readonly idx: number;
  /** When it was generated, in milliseconds since 1970; later than that of the one before. */
  readonly when: number;
  /** The name of its file, without `.sql`. */
  readonly tag: string;
}

/** The migrations that ship with this package. */
export function defaultMigrationsFolder(): string {
  return join(packageRoot(), 'drizzle');
}

/**
 * The journal of `migrationsFolder` (default: that of this package), in the order in which its
 * migrations are applied.
 *
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the folder has no journal, `JOURNAL_BROKEN` when
 * it is not what drizzle-kit writes, or its entries do not follow each other in time.
 */
export function readJournal(migrationsFolder = defaultMigrationsFolder()): JournalEntry[] {
  const path = join(migrationsFolder, 'meta', '_journal.json');
  if (!existsSync(path)) {
    throw new AzoraDbError('MIGRATIONS_MISSING', `No migrations here: ${path} does not exist.`);
  }
  const entries = parseEntries(path)
    .map(({ idx, when, tag }) => ({ idx, when, tag }))
    .sort((left, right) => left.idx - right.idx);
  checkOrder(path, entries);
  return entries;
}

/** An entry without a time would be left out in silence; a merge may leave its marks here. */
function parseEntries(path: string): JournalEntry[] {
  try {
    const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
    const { entries } = JSON.parse(text) as { entries: JournalEntry[] };
    if (entries.every(isEntry)) return entries;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new AzoraDbError(
    'JOURNAL_BROKEN',
    `${path} is not a journal: JSON with a list of "entries", each with "idx", "when" and "tag".`,
  );
}

function isEntry({ idx, when, tag }: JournalEntry): boolean {
  return Number.isSafeInteger(idx) && Number.isSafeInteger(when) && typeof tag === 'string';
}

/**
 * The text of a migration, with LF line ends and no byte order mark.
 *
 * @throws AzoraDbError `MIGRATIONS_MISSING` when the file is not there
 */
export function readMigrationText(
  { tag }: JournalEntry,
  migrationsFolder = defaultMigrationsFolder(),
): string {
  const path = join(migrationsFolder, `${tag}.sql`);
  if (!existsSync(path)) {
    throw new AzoraDbError(
      'MIGRATIONS_MISSING',
      `The journal lists ${tag}, and ${path} does not exist.`,
    );
  }
  return readFileSync(path, 'utf8')
    .replace(/^\ufeff/, '')
    .replaceAll('\r\n', '\n');
}

/**
 * What may be recorded of a text, the first as it is: drizzle-kit hashes the file as it lies there,
 * and git or an editor may have given it other line ends or a byte order mark. SHA-256, in hex.
 */
export function hashesOf(text: string): [string, ...string[]] {
  const windows = text.replaceAll('\n', '\r\n');
  return [sha256(text), ...[windows, `\ufeff${text}`, `\ufeff${windows}`].map(sha256)];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** drizzle-kit goes by `when`: of two alike, or out of order, it would skip one for good. */
function checkOrder(path: string, entries: readonly JournalEntry[]): void {
  for (const [at, { when, tag }] of entries.entries()) {
    const before = entries[at - 1];
    if (before === undefined || (before.when < when && before.tag !== tag)) continue;
    throw new AzoraDbError(
      'JOURNAL_BROKEN',
      `${path}: the time ("when") of ${tag} is not after that of ${before.tag}. Give the later ` +
        'one a greater number, before either is applied anywhere.',
    );
  }
}
