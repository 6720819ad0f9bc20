import {
  isCallExpression,
  isIdentifier,
  isInterfaceDeclaration,
  isNoSubstitutionTemplateLiteral,
  isNumericLiteral,
  isObjectLiteralExpression,
  isPropertyAssignment,
  isSourceFile,
  isStringLiteral,
  isTemplateExpression,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { fileOf, type Program } from './program.ts';

/** What a function sends to the database. */
export interface Sql {
  /** The texts of its statements by label, in the order in which its code comes to them. */
  readonly statements: ReadonlyMap<string, string>;
  /** The files in which it has Drizzle build some. */
  readonly builders: ReadonlySet<string>;
}

/** The SQL of a function and of all that it uses within src/queries. */
export function findSql(program: Program, start: Node): Sql {
  const statements = new Map<string, string>();
  const builders = new Set<string>();
  const seen = new Set<Node>();
  const visit = (part: Node) => {
    if (seen.has(part)) return;
    seen.add(part);
    for (const [label, text] of listStatements(program, part)) statements.set(label, text);
    for (const declaration of program.findDeclarations(part)) {
      if (declaration.path.includes('/node_modules/drizzle-orm/')) builders.add(fileOf(part));
      if (!declaration.path.includes('/src/queries/')) continue;
      const used = findPart(declaration.resolve());
      if (used !== undefined) visit(used);
    }
  };
  visit(start);
  return { statements, builders };
}

/** The function, variable or class of a file that has the node in it. Types run nothing. */
function findPart(node: Node | undefined): Node | undefined {
  if (node === undefined || isSourceFile(node)) return undefined;
  if (!isSourceFile(node.parent)) return findPart(node.parent);
  return isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) ? undefined : node;
}

/** Label and text of `statement('label', text)`, and of `{ label: 'label', text }` in a list that becomes statements. */
function listStatements(program: Program, node: Node): [label: string, text: string][] {
  const found: [string, string][] = [];
  const [label, text] = readPair(node);
  if (label !== undefined && text !== undefined && isStringLiteral(label)) {
    found.push([label.text, evaluate(program, text) ?? standIn(text)]);
  }
  node.forEachChild((child) => {
    found.push(...listStatements(program, child));
  });
  return found;
}

function readPair(node: Node): readonly (Node | undefined)[] {
  if (isCallExpression(node) && node.expression.getText() === 'statement') return node.arguments;
  if (!isObjectLiteralExpression(node)) return [];
  const properties = node.properties.filter(isPropertyAssignment);
  return ['label', 'text'].map(
    (name) => properties.find((property) => property.name.getText() === name)?.initializer,
  );
}

/** The text that an expression is, if it is put together from constants alone. */
function evaluate(program: Program, node: Node): string | undefined {
  if (isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isNumericLiteral(node)) {
    return node.text;
  }
  if (isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      ({ expression, literal }) =>
        (evaluate(program, expression) ?? standIn(expression)) + literal.text,
    );
    return node.head.text + spans.join('');
  }
  if (!isIdentifier(node)) return undefined;
  const constant = program.findDeclarations(node)[0]?.resolve();
  if (constant === undefined || !isVariableDeclaration(constant)) return undefined;
  return constant.initializer && evaluate(program, constant.initializer);
}

const standIn = (node: Node) => `\${${node.getText()}}`;
