import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../package-root.ts';
import { compareObjects, hashOf, parseObjects, type SqlObject } from './sql-object.ts';

/** A file of what tables themselves need; it is written as a whole. */
interface FirstFile {
  readonly name: string;
  readonly text: string;
  readonly hash: string;
}

/** Everything that Drizzle cannot express, as `src` says it now. */
export interface Sources {
  /** What must be there before the tables, in the order of names. */
  readonly first: readonly FirstFile[];
  /** The rest, in the order in which it is made. */
  readonly objects: readonly SqlObject[];
}

const FIRST = 'schema/first/';

/**
 * Reads the `.sql` files of a folder, by default those of `src`.
 *
 * @throws Error for a statement of no known form, and for two that make the same
 */
export function readSources(folder = join(packageRoot(), 'src')): Sources {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
  // A checkout on Windows may end lines by two characters.
  const read = (file: string) =>
    readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  const first = files
    .filter((file) => file.startsWith(FIRST))
    .map((file) => {
      const text = read(file);
      return {
        name: `first ${file.slice(FIRST.length, -'.sql'.length)}`,
        text,
        hash: hashOf(text),
      };
    });
  const objects = new Map<string, SqlObject>();
  for (const file of files.filter((name) => !name.startsWith(FIRST))) {
    for (const object of parseObjects(read(file), file)) {
      if (objects.has(object.name)) throw new Error(`${file}: a second ${object.name}`);
      objects.set(object.name, object);
    }
  }
  const sorted = [...objects.values()].sort((a, b) => compareObjects(a.name, b.name));
  return { first, objects: sorted };
}
