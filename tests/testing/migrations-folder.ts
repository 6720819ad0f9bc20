import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a migrations folder with one migration, which has this text. */
export async function writeMigration(folder: string, text: string): Promise<string> {
  await mkdir(join(folder, 'meta'), { recursive: true });
  await writeFile(join(folder, '0000_create_notes.sql'), text);
  const entries = [{ idx: 0, version: '7', when: 1_700_000_000_000, tag: '0000_create_notes' }];
  const journal = { version: '7', dialect: 'postgresql', entries };
  await writeFile(join(folder, 'meta', '_journal.json'), JSON.stringify(journal));
  return folder;
}
