interface Reference {
  from: string;
  to: string;
  columns: string;
}

/** A Mermaid diagram of the foreign keys that leave the tables of one service schema. */
export function drawDiagram(area: string, references: Reference[]): string {
  const edges = references
    .filter((reference) => reference.from.startsWith(`${area}.`))
    .map(({ from, to, columns }) => `  ${node(to)} ||--o{ ${node(from)} : "${columns}"`);
  return ['```mermaid', 'erDiagram', ...new Set(edges), '```'].join('\n');
}

const node = (table: string) => `"${table}"`;
