import type { FunctionDeclaration, Node } from 'typescript/unstable/ast';
import { fileOf, type Program } from './program.ts';
import { findSql, type Sql } from './sql.ts';
import { findTypes, writeType } from './types.ts';

/** The chapter of an area, as far as it is written. */
export interface Chapter {
  readonly program: Program;
  /** The file that defines a function of the service schemas. */
  readonly definitions: ReadonlyMap<string, string>;
  /** The SQL of each statement by its label. */
  readonly texts: ReadonlyMap<string, string>;
  /** The function under which a type stands already. */
  readonly shownTypes: Map<Node, string>;
}

/**
 * The section of a public function.
 *
 * @throws Error if the function takes a database and no SQL is found for it
 */
export function describeQuery(chapter: Chapter, query: FunctionDeclaration): string {
  const name = query.name?.text ?? '';
  const sql = findSql(chapter.program, query, new Set(chapter.texts.keys()));
  const hasSql = sql.labels.size > 0 || sql.builders.size > 0;
  if (!hasSql && query.parameters.some(({ type }) => type?.getText() === 'Db')) {
    throw new Error(
      `${name} of ${fileOf(query)} takes a Db, but reaches no statement and no builder`,
    );
  }
  return [
    `## ${name}`,
    ...describeSignature(chapter, name, query),
    ...(query.jsDoc ?? []).map((comment) => plain(comment.getText())),
    link(fileOf(query)),
    ...(hasSql ? describeSql(chapter, sql) : ['It runs no SQL.']),
  ].join('\n\n');
}

/** The first sentence of the docstring, on one line. */
export function summarize(query: FunctionDeclaration): string {
  const comment = plain(query.jsDoc?.at(-1)?.getText() ?? '').replaceAll('\n', ' ');
  const [sentence = ''] = comment.split(/(?<=\.) /);
  return sentence.trim();
}

/** The signature with the types that are new, and a line that tells where the others stand. */
function describeSignature(
  { program, shownTypes }: Chapter,
  name: string,
  query: FunctionDeclaration,
): string[] {
  const code = [write(query)];
  const known: string[] = [];
  for (const type of findTypes(program, query, shownTypes)) {
    const place = shownTypes.get(type);
    if (place === undefined) {
      shownTypes.set(type, name);
      code.push(writeType(program, type));
    } else {
      known.push(`[\`${type.name.text}\`](#${place.toLowerCase()})`);
    }
  }
  const block = `\`\`\`ts\n${code.join('\n\n')}\n\`\`\``;
  return known.length === 0 ? [block] : [block, `Types above: ${known.join(', ')}.`];
}

/** A function up to its body. */
function write(query: FunctionDeclaration): string {
  const { text } = query.getSourceFile();
  return text.slice(query.name?.getStart(), query.type?.getEnd());
}

function describeSql({ definitions, texts }: Chapter, { labels, builders }: Sql): string[] {
  const files = [...builders].map(link).join(', ');
  const share = labels.size === 0 ? 'Its SQL' : 'Part of its SQL';
  const blocks = [...labels].map(
    (label) => `\`\`\`sql\n-- ${label}\n${texts.get(label)?.trim()}\n\`\`\``,
  );
  return [
    ...(files === '' ? [] : [`${share} is built by Drizzle: see ${files}.`]),
    ...blocks,
    ...listCalled(blocks.join('\n'), definitions),
  ];
}

/** A line with links to the functions that the SQL calls, if there are any. */
function listCalled(sql: string, definitions: ReadonlyMap<string, string>): string[] {
  const links = [...new Set(sql.match(/\b\w+\.\w+(?=\()/g))].sort().flatMap((name) => {
    const file = definitions.get(name);
    return file === undefined ? [] : [`[\`${name}\`](../../../${file})`];
  });
  return links.length === 0 ? [] : [`Calls ${links.join(', ')}.`];
}

const link = (file: string) => `[${file}](../../../${file})`;

/** A docstring as Markdown: what it throws becomes a list, for each its own line. */
function plain(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
    .replaceAll('@returns ', 'Returns ')
    .replaceAll(/\n+@throws /g, '\n- Throws ')
    .replace('\n- Throws ', '\n\n- Throws ');
}
