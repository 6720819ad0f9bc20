import { print, startProgress } from '../output.ts';
import { openTarget } from '../target.ts';
import { withDb } from '../with-db.ts';

/** How many unusable rows are shown; the rest are only counted. */
const SHOWN = 20;

/** Loads the ESCO classification's CSV files from a folder into the skills catalogue. */
export async function importEscoCommand(folder: string): Promise<void> {
  const { importEsco } = await import('../../esco/index.ts');
  const { url } = await openTarget();
  await withDb(url, async (db) => {
    let progress: ReturnType<typeof startProgress> | undefined;
    let current = '';
    try {
      const result = await importEsco(db, folder, {
        onProgress(done, total, file) {
          progress ??= startProgress(total);
          if (file !== current) progress.step(file);
          current = file;
          progress.advance(done);
        },
      });
      progress?.stop();
      print(`skills: ${result.skills}`);
      print(`occupations: ${result.occupations}`);
      print(`relations: ${result.relations}`);
      print(`new or changed: ${result.changed}`);
      print(`rows not used: ${result.unusable.length}`);
      for (const { file, line, reason } of result.unusable.slice(0, SHOWN)) {
        print(`  ${file}, line ${line}: ${reason}`);
      }
      if (result.unusable.length > SHOWN) print(`  and ${result.unusable.length - SHOWN} more`);
    } finally {
      progress?.stop();
    }
  });
}
