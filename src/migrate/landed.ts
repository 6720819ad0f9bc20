import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMigrationsFolder } from '../journal.ts';
import { PLACEHOLDER } from './generate.ts';
import { type Migration, readMigrations } from './migration-files.ts';

// drizzle-kit passes over what begins with an underscore.
const pathIn = (migrationsFolder: string) => join(migrationsFolder, 'meta', '_landed.json');

/**
 * What is wrong with the files of a migrations folder, in words; nothing when each is the one that
 * landed. A migration that a database may have applied never changes, so the SHA-256 of each is
 * kept when it lands.
 */
export function checkLanded(migrationsFolder = defaultMigrationsFolder()): string[] {
  const landed = readLanded(migrationsFolder);
  const migrations = readMigrations(migrationsFolder);
  const tags = new Set(migrations.map(({ tag }) => tag));
  const gone = Object.keys(landed).filter((tag) => !tags.has(tag));
  return [
    ...gone.map((tag) => `${tag} has landed and is gone`),
    ...migrations.flatMap((migration) => findFault(migration, landed[migration.tag])),
  ];
}

function findFault({ tag, hash, statements }: Migration, landed: string | undefined): string[] {
  if (landed !== undefined && landed !== hash) {
    return [`${tag} was edited after it had landed: put the change into a new migration`];
  }
  // As one that db:generate was interrupted at.
  if (!statements[0]?.trimStart().startsWith('--')) {
    return [`${tag} does not open with a comment: why, what it locks, what may be done first`];
  }
  if (statements.some((text) => text.includes(PLACEHOLDER))) {
    return [`${tag} has a comment that is still to be filled in`];
  }
  return landed === undefined ? [`${tag} is not marked as landed: npm run db:land`] : [];
}

/**
 * Keeps the hashes of the migrations that have none yet, and returns their tags, in order.
 *
 * @throws Error when one of them has a comment that is still to be filled in
 */
export function landMigrations(migrationsFolder = defaultMigrationsFolder()): string[] {
  const landed = readLanded(migrationsFolder);
  const open = readMigrations(migrationsFolder).filter(({ tag }) => landed[tag] === undefined);
  for (const migration of open) {
    const [fault] = findFault(migration, migration.hash);
    if (fault !== undefined) throw new Error(fault);
    landed[migration.tag] = migration.hash;
  }
  writeFileSync(pathIn(migrationsFolder), `${JSON.stringify(landed, null, 2)}\n`);
  return open.map(({ tag }) => tag);
}

function readLanded(migrationsFolder: string): Record<string, string> {
  const path = pathIn(migrationsFolder);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
