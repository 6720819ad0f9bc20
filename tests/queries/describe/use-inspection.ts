import { Client } from 'pg';
import { beforeAll } from 'vitest';
import { loadedStatements } from '../../../src/db/statement.ts';
import { readCatalog } from './catalog.ts';
import { listDifferences } from './compare.ts';
import type { Declaration } from './declarations.ts';
import { type Inspected, inspect } from './inspect.ts';
import { tellTrees } from './server.ts';

/**
 * Describes all loaded statements on a database before the first test; what a test then asks by
 * label.
 */
export function useInspection(
  database: { readonly url: string },
  declarations: ReadonlyMap<string, readonly Declaration[]>,
) {
  const inspected = new Map<string, Inspected | Error>();

  beforeAll(async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const catalog = await readCatalog(client);
      await tellTrees(client);
      for (const statement of loadedStatements) {
        const found = await inspect(client, catalog, statement).catch((error: Error) => error);
        inspected.set(statement.label, found);
      }
    } finally {
      await client.end();
    }
  });

  // Statements that check the same thing in several ways share a type; null has to be true of one
  // of them.
  const isNullSomewhere = (rowType: number | undefined, column: string): boolean =>
    [...declarations].some(([label, [declaration]]) => {
      const found = declaration?.rowType === rowType ? inspected.get(label) : undefined;
      if (found === undefined || found instanceof Error) return false;
      return found.columns.some(
        ({ name, nullability }) => name === column && nullability !== 'never',
      );
    });

  const listLines = (label: string, declaration: Declaration): string[] => {
    const found = inspected.get(label);
    if (found === undefined) return ['it was not loaded'];
    if (found instanceof Error) return [`the server refuses it: ${found.message}`];
    const { parameters } = loadedStatements.find((statement) => statement.label === label) ?? {};
    return listDifferences(declaration, found, {
      parameters,
      isNullElsewhere: (column) => isNullSomewhere(declaration.rowType, column),
    });
  };

  return function differencesOf(label: string): string[] {
    const [declaration] = declarations.get(label) ?? [];
    if (declaration === undefined) return [`${label} is declared nowhere`];
    const lines = listLines(label, declaration);
    return lines.map((line) => `${label} of ${declaration.file}, ${line}`);
  };
}
