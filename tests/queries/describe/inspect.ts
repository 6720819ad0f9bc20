import type { Client } from 'pg';
import type { Catalog, ServerType } from './catalog.ts';
import { parseTree } from './node-tree.ts';
import { listNullability, type Nullability } from './nullability.ts';
import { describeText } from './server.ts';

/** What the server says of a statement. */
export interface Inspected {
  readonly columns: readonly InspectedColumn[];
  readonly parameters: readonly ServerType[];
}

export interface InspectedColumn {
  readonly name: string;
  readonly type: ServerType;
  readonly nullability: Nullability;
}

/**
 * Asks the server what a text returns and takes. `columns` are the names that a `prepared` gives to
 * what it returns.
 */
export async function inspect(
  client: Client,
  catalog: Catalog,
  { text, columns = [] }: { text: string; columns?: readonly string[] | undefined },
): Promise<Inspected> {
  const described = await describeText(client, text);
  const isRead = described.columns.length > 0;
  const nullability = isRead ? listNullability(catalog, parseTree(described.tree)) : [];
  return {
    columns: described.columns
      .map((column, index) => ({
        name: columns[index] ?? column.name,
        type: catalog.typeOf(column.dataTypeID),
        nullability: nullability[index] ?? 'unknown',
      }))
      // What stands for a function that returns nothing.
      .filter(({ type }) => type.name !== 'void'),
    parameters: described.parameters.map((oid) => catalog.typeOf(oid)),
  };
}
