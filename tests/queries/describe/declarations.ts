import { join, relative } from 'node:path';
import {
  type CallExpression,
  isCallExpression,
  isStringLiteral,
  type Node,
} from 'typescript/unstable/ast';
import type { Checker, Project, Type } from 'typescript/unstable/sync';
import { fileOf, type Program, readProgram } from '../../../docs/generate/program.ts';
import { findPart, findSql } from '../../../docs/generate/sql.ts';
import { type DeclaredType, readProperties, readType } from './declared-type.ts';

/** What TypeScript says of a statement. */
export interface Declaration {
  readonly file: string;
  /** The same for all statements with the same type of rows. */
  readonly rowType: number;
  /** The columns; undefined when nobody has said which there are. */
  readonly row: ReadonlyMap<string, DeclaredType> | undefined;
  /** By place in a `statement`, by name in a `prepared`; undefined when nobody has said. */
  readonly values: readonly DeclaredType[] | ReadonlyMap<string, DeclaredType> | undefined;
}

const root = join(import.meta.dirname, '..', '..', '..');

/** The files below `places` that make statements. */
export function listFiles({ program }: Project, places: readonly string[]): string[] {
  return listSources(program.getSourceFileNames(), places)
    .filter((name) => listCalls(program.getSourceFile(name)).some(isMaker))
    .map((name) => relative(root, name));
}

/**
 * What the files below `places` say of statements, by their labels. `known` are the labels that are
 * loaded.
 */
export function readDeclarations(
  project: Project,
  places: readonly string[],
  known: ReadonlySet<string>,
): Map<string, Declaration[]> {
  const { checker, program } = project;
  const calls = listSources(program.getSourceFileNames(), places).flatMap((name) =>
    listCalls(program.getSourceFile(name)),
  );
  const found = new Map<string, Declaration[]>();
  const add = (label: string, call: CallExpression) => {
    const declaration = readCall(checker, call);
    if (declaration) found.set(label, [...(found.get(label) ?? []), declaration]);
  };
  const others: CallExpression[] = [];
  for (const call of calls) {
    const label = readLabel(call);
    if (label !== undefined && (isMaker(call) || known.has(label))) add(label, call);
    if (label === undefined && isMaker(call)) others.push(call);
  }
  const rest = new Set([...known].filter((label) => !found.has(label)));
  for (const call of others) {
    for (const label of listLabels(readProgram(project), call, calls, rest)) add(label, call);
  }
  return found;
}

function listSources(names: readonly string[], places: readonly string[]): string[] {
  const prefixes = places.map((place) => join(root, place));
  return names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

function listCalls(node: Node | undefined): CallExpression[] {
  const calls = node !== undefined && isCallExpression(node) ? [node] : [];
  node?.forEachChild((child) => {
    calls.push(...listCalls(child));
  });
  return calls;
}

function readLabel({ arguments: [label] }: CallExpression): string | undefined {
  return label !== undefined && isStringLiteral(label) ? label.text : undefined;
}

function isMaker(call: CallExpression): boolean {
  return ['statement', 'prepared'].includes(call.expression.getText());
}

/**
 * The labels that reach a call from a list that it goes through, or from those who call the
 * function that it stands in.
 */
function listLabels(
  program: Program,
  call: CallExpression,
  calls: readonly CallExpression[],
  known: ReadonlySet<string>,
): Set<string> {
  const part = findPart(call);
  if (part === undefined) return new Set();
  const given = calls
    .filter((other) => known.has(readLabel(other) ?? ''))
    .filter(
      ({ expression }) => findPart(program.findDeclarations(expression)[0]?.resolve()) === part,
    )
    .flatMap((other) => readLabel(other) ?? []);
  return new Set([...findSql(program, part, known).labels, ...given]);
}

function readCall(checker: Checker, call: CallExpression): Declaration | undefined {
  const type = checker.getTypeAtLocation(call);
  const name = type?.getSymbol()?.name;
  if (!type?.isTypeReference() || (name !== 'Statement' && name !== 'Prepared')) return undefined;
  const [row, values] = checker.getTypeArguments(type);
  if (row === undefined || values === undefined) return undefined;
  return {
    file: fileOf(call),
    rowType: row.id,
    row: readRow(checker, row),
    values: name === 'Prepared' ? readProperties(checker, values) : readTuple(checker, values),
  };
}

function readRow(checker: Checker, row: Type): Declaration['row'] {
  const text = checker.typeToString(row);
  return text === 'any' || text === 'unknown' ? undefined : readProperties(checker, row);
}

function readTuple(checker: Checker, values: Type): DeclaredType[] | undefined {
  if (!values.isTypeReference() || !checker.isTupleType(values)) return undefined;
  return checker.getTypeArguments(values).map((value) => readType(checker, value));
}
