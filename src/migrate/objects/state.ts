import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sources } from './read-sources.ts';

/** The hash of each object by its name, as the migrations make it. */
export type ObjectState = ReadonlyMap<string, string>;

// drizzle-kit passes over what begins with an underscore.
const pathIn = (migrationsFolder: string) => join(migrationsFolder, 'meta', '_objects.json');

/** What the migrations of a folder make; nothing where no SQL object was ever generated. */
export function readState(migrationsFolder: string): ObjectState {
  const path = pathIn(migrationsFolder);
  if (!existsSync(path)) return new Map();
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>));
}

export function writeState(migrationsFolder: string, { first, objects }: Sources): void {
  const hashes = [...first, ...objects].map(({ name, hash }) => [name, hash]);
  writeFileSync(
    pathIn(migrationsFolder),
    `${JSON.stringify(Object.fromEntries(hashes), null, 2)}\n`,
  );
}
