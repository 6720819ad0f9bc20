import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProject, readProgram } from '../docs/generate/program.ts';
import { listShown } from '../docs/generate/shown.ts';

const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, { '@azora/source': string }>;
};

test('every type, function, parameter and field that callers see has its sentence', () => {
  const files = Object.values(exports).map((entry) => entry['@azora/source'].replace('./', ''));
  const { api, project } = openProject();
  try {
    const shown = listShown(readProgram(project), files);
    const names = shown.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'src/migrate/migrate.ts: MigrateEvent.waitMs',
        'src/money.ts: parseMoney(text)',
        'src/queries/finance/audit/seal-entries.ts: sealEntries.entriesPerSeal',
        'src/queries/page.ts: Page.nextCursor',
        'src/rule-errors.ts: RejectedError.requested',
      ]),
    );
    expect(names.filter((_, at) => shown[at]?.sentence === '')).toEqual([]);
  } finally {
    api.close();
  }
});
