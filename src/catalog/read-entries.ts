import { catalogQuery } from './catalog-queries.ts';

/** Runs one statement in the transaction that the caller has open, and returns its rows. */
export type Ask = (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>;

export interface EntriesParams {
  /** Only what lies in these; null is everything. */
  readonly schemas: readonly string[] | null;
  readonly withComments: boolean;
}

/**
 * What a database holds besides rows, one text an object, by kind and within a kind by code point.
 * The transaction is repeatable read, so that all is of one moment. Its search path is emptied.
 */
export async function readEntries(
  ask: Ask,
  { schemas, withComments }: EntriesParams,
): Promise<string[]> {
  // So that PostgreSQL qualifies every name that it prints. To compile takes longer than to run.
  await ask(
    `select set_config('search_path', '', true), set_config('quote_all_identifiers', 'off', true),
       set_config('jit', 'off', true)`,
    [],
  );
  const { rows } = await ask(catalogQuery({ withComments }), [schemas]);
  const kinds: string[][] = [];
  for (const { kind, entry } of rows as { kind: number; entry: string }[]) {
    kinds[kind] ??= [];
    kinds[kind].push(entry.trimEnd());
  }
  // Sorted here, because the server's order depends on the collation of the database.
  return kinds.flatMap((entries) => entries.sort());
}
