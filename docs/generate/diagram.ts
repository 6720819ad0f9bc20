import { Graphviz } from '@hpcc-js/wasm-graphviz';

export interface DiagramTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly primary: boolean;
  }[];
}

/** A foreign key. */
export interface Reference {
  readonly from: string;
  readonly to: string;
  readonly columns: readonly string[];
  /** Whether at most one row refers to another. */
  readonly unique: boolean;
  /** Whether a row may refer to none. */
  readonly optional: boolean;
}

interface Drawing {
  readonly tables: readonly DiagramTable[];
  readonly references: readonly Reference[];
}

// Every monospaced font is about as wide as another, so the boxes fit whichever the reader has.
const FONT = 'Courier';
const FONTS = 'ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace';
const COLORS: Record<string, string> = {
  identity: '#dbeafe',
  education: '#dcfce7',
  finance: '#fef3c7',
  marketplace: '#fce7f3',
  ai: '#ede9fe',
  platform: '#e2e8f0',
};
const LINES: Record<string, string> = {
  identity: '#2563eb',
  education: '#15803d',
  finance: '#b45309',
  marketplace: '#be185d',
  ai: '#6d28d9',
  platform: '#475569',
};
const LINE = '#475569';
const MUTED = '#64748b';

const graphviz = await Graphviz.load();

/**
 * SVG: the tables of one service schema with their columns, and a line for each foreign key of
 * theirs. A table of another schema is a box with its name, beside each table that refers to it.
 */
export function drawArea(area: string, { tables, references }: Drawing): string {
  const own = new Map(
    tables.filter(({ schema }) => schema === area).map((table) => [nameOf(table), table]),
  );
  const shown = references.filter(({ from }) => own.has(from));
  const pairs = new Set(shown.map(({ from, to }) => `${from} ${to}`));
  const edges = shown.map((reference) => {
    const target = own.get(reference.to);
    if (target === undefined) return stubEdge(reference);
    const isAnswered = pairs.has(`${reference.to} ${reference.from}`);
    return tableEdge(reference, target, isAnswered && reference.optional);
  });
  return render([
    'graph [rankdir=LR, ranksep=1.1, nodesep=0.3]',
    ...[...own.values()].map((table) => tableNode(table, foreignColumns(table, shown))),
    ...edges,
  ]);
}

/**
 * SVG: every table by its name, in the frame of its service schema, and a line for each two that
 * a foreign key joins.
 */
export function drawAll({ tables, references }: Drawing): string {
  const areas = [...new Set(tables.map(({ schema }) => schema))];
  const clusters = areas.map((area) =>
    [
      `subgraph "cluster_${area}" {`,
      `graph [label=<<b>${area}</b>>, labeljust=l, fontsize=20, style="rounded,filled"`,
      `color="${MUTED}", fillcolor="#f8fafc", margin=18]`,
      ...tables
        .filter(({ schema }) => schema === area)
        .map((table) => stubNode(nameOf(table), table.name)),
      '}',
    ].join('\n'),
  );
  const pairs = new Map(
    references
      .filter(({ from, to }) => from !== to)
      .map((reference) => [`${reference.to} ${reference.from}`, reference]),
  );
  return render([
    'graph [rankdir=LR, ranksep=0.45, nodesep=0.2]',
    ...clusters,
    ...[...pairs.values()].map(({ from, to }) => {
      const color = LINES[to.split('.')[0] ?? ''];
      return `"${to}" -> "${from}" [arrowhead=crow, color="${color}"]`;
    }),
  ]);
}

function render(lines: readonly string[]): string {
  const dot = [
    'digraph {',
    'graph [fontname="Courier", bgcolor=white, pad=0.3]',
    `node [fontname="${FONT}", fontsize=13, shape=plain]`,
    `edge [color="${LINE}", arrowsize=0.8, dir=both, arrowtail=none]`,
    ...lines,
    '}',
  ].join('\n');
  const svg = graphviz.dot(dot);
  // What names the version of the program would change the file with each of them.
  return svg
    .slice(svg.indexOf('<svg'))
    .replaceAll(/<!--.*?-->\n/gs, '')
    .replaceAll(/font-family="[^"]*"/g, `font-family="${FONTS}"`);
}

function tableNode(table: DiagramTable, foreign: ReadonlySet<string>): string {
  const rows = table.columns.map(({ name, type, nullable, primary }) => {
    const key = [...(primary ? ['PK'] : []), ...(foreign.has(name) ? ['FK'] : [])].join(' ');
    const title = primary ? `<b>${name}</b>` : name;
    return [
      '<tr>',
      cell(`<font color="${MUTED}" point-size="10">${key || ' '}</font>`, `port="${name}_in"`),
      cell(title),
      cell(`<font color="${MUTED}">${short(type)}${nullable ? '?' : ''}</font>`, `port="${name}"`),
      '</tr>',
    ].join('');
  });
  const head =
    `<tr><td colspan="3" align="left" bgcolor="${COLORS[table.schema]}" cellpadding="6">` +
    `<b>${table.name}</b></td></tr>`;
  const rule = '<hr/>';
  return (
    `"${nameOf(table)}" [label=<<table border="1" cellborder="0" cellspacing="0" cellpadding="3" ` +
    `color="${LINE}" bgcolor="white">${head}${rule}${rows.join('')}</table>>]`
  );
}

const cell = (text: string, attributes = '') => `<td align="left" ${attributes}>${text}</td>`;

function stubNode(name: string, text = name): string {
  const [schema = ''] = name.split('.');
  const look = `shape=box, style="rounded,filled", color="${LINE}", fillcolor="${COLORS[schema]}"`;
  return `"${name}" [${look}, label="${text}"]`;
}

/**
 * From the one to the many, and so from left to right; `isBack` keeps a circle of keys from turning
 * that around.
 */
function tableEdge(reference: Reference, target: DiagramTable, isBack: boolean): string {
  const { from, to, columns } = reference;
  const column = columns.at(-1);
  const key = target.columns.find(({ primary }) => primary)?.name;
  const ends = endsOf(reference);
  if (from === to) return `"${to}":"${key}_in":w -> "${from}":"${column}_in":w [${ends.forth}]`;
  return isBack
    ? `"${from}":"${column}":e -> "${to}":"${key}_in":w [${ends.back}]`
    : `"${to}":"${key}":e -> "${from}":"${column}_in":w [${ends.forth}]`;
}

function stubEdge(reference: Reference): string {
  const { from, to, columns } = reference;
  const stub = `${to} of ${from}`;
  const edge = `"${stub}" -> "${from}":"${columns.at(-1)}_in":w [${endsOf(reference).forth}]`;
  return `${stubNode(stub, to)}\n${edge}`;
}

function endsOf({ unique, optional }: Reference): { forth: string; back: string } {
  const many = unique ? 'teeodot' : 'crowodot';
  const one = optional ? 'teeodot' : 'tee';
  return {
    forth: `arrowhead=${many}, arrowtail=${one}`,
    back: `arrowhead=${one}, arrowtail=${many}`,
  };
}

function foreignColumns(table: DiagramTable, references: readonly Reference[]): Set<string> {
  const own = references.filter(({ from }) => from === nameOf(table));
  return new Set(own.flatMap(({ columns }) => columns));
}

const nameOf = ({ schema, name }: DiagramTable) => `${schema}.${name}`;

/** A type as one says it: without its schema, and in PostgreSQL's short names. */
function short(type: string): string {
  return type
    .replace('timestamp with time zone', 'timestamptz')
    .replace('character varying', 'varchar')
    .replace(/^\w+\./, '');
}
