import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openProject } from '../../docs/generate/program.ts';
import { loadedStatements } from '../../src/db/statement.ts';
import { useTestDatabase } from '../setup/test-database.ts';
import { listFiles, readDeclarations } from './describe/declarations.ts';
import { useInspection } from './describe/use-inspection.ts';

const root = join(import.meta.dirname, '..', '..');
const PLACES = ['src/', 'seeds/'];

const { api, project } = openProject();
for (const file of listFiles(project, PLACES)) await import(join(root, file));
const loaded = loadedStatements.map(({ label }) => label).sort();
const declarations = readDeclarations(project, PLACES, new Set(loaded));
api.close();

describe('every statement', () => {
  const differencesOf = useInspection(useTestDatabase(), declarations);

  it('is found in the sources, under a label of its own', () => {
    expect(loaded).toEqual([...new Set(loaded)]);
    expect(loaded).toEqual([...declarations.keys()].sort());
    expect([...declarations].filter(([, found]) => found.length > 1)).toEqual([]);
  });

  it.each(loadedStatements)(
    '$label returns and takes on the server what TypeScript declares',
    ({ label }) => {
      expect(differencesOf(label)).toEqual([]);
    },
  );
});
