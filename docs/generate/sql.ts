import {
  isCallExpression,
  isIdentifier,
  isInterfaceDeclaration,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isSourceFile,
  isStringLiteral,
  isTaggedTemplateExpression,
  isTypeAliasDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { fileOf, type Program } from './program.ts';

/** What a function sends to the database. */
export interface Sql {
  /** The labels of its statements, in the order in which its code comes to them. */
  readonly labels: ReadonlySet<string>;
  /** The files in which it has Drizzle build some for each call. */
  readonly builders: ReadonlySet<string>;
}

/**
 * The SQL of a part of the program and of all that it uses within src/queries. `known` are the
 * labels that there are.
 */
export function findSql(program: Program, start: Node, known: ReadonlySet<string>): Sql {
  const labels = new Set<string>();
  const builders = new Set<string>();
  const seen = new Set<Node>();
  const visit = (part: Node) => {
    if (seen.has(part)) return;
    seen.add(part);
    for (const label of listLabels(part)) if (known.has(label)) labels.add(label);
    if (hasBuilder(program, part)) builders.add(fileOf(part));
    for (const declaration of program.findDeclarations(part)) {
      if (!declaration.path.includes('/src/queries/')) continue;
      const used = findPart(declaration.resolve());
      if (used !== undefined) visit(used);
    }
  };
  visit(start);
  return { labels, builders };
}

/** The function, variable or class of a file that has the node in it. Types run nothing. */
export function findPart(node: Node | undefined): Node | undefined {
  if (node === undefined || isSourceFile(node)) return undefined;
  if (!isSourceFile(node.parent)) return findPart(node.parent);
  return isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) ? undefined : node;
}

/**
 * Of `statement('label', ...)`, of what else is called with a label because it makes the statement,
 * and of `{ label: 'label' }` in a list that becomes statements.
 */
function listLabels(node: Node): string[] {
  const label = readLabel(node);
  const found = label !== undefined && isStringLiteral(label) ? [label.text] : [];
  node.forEachChild((child) => {
    found.push(...listLabels(child));
  });
  return found;
}

function readLabel(node: Node): Node | undefined {
  if (isCallExpression(node)) return node.arguments[0];
  const isLabel = isPropertyAssignment(node) && node.name.getText() === 'label';
  return isLabel ? node.initializer : undefined;
}

/** Whether a part calls Drizzle, but for what is in `prepared`. Who reads `enumValues` builds nothing. */
function hasBuilder(program: Program, node: Node): boolean {
  if (isCallExpression(node) && node.expression.getText() === 'prepared') return false;
  const isBuilder =
    isCalled(node) &&
    program.findDeclarations(node).some(({ path }) => path.includes('/node_modules/drizzle-orm/'));
  return isBuilder || node.forEachChild((child) => hasBuilder(program, child)) === true;
}

/** `sql` of a template, `eq` of `eq(...)`, `select` of `db.select(...)`. */
function isCalled(node: Node): boolean {
  if (!isIdentifier(node)) return false;
  const { parent } = node;
  if (isTaggedTemplateExpression(parent)) return true;
  const callee = isPropertyAccessExpression(parent) && parent.name === node ? parent : node;
  return isCallExpression(callee.parent) && callee.parent.expression === callee;
}
