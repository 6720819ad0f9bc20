import {
  type FunctionDeclaration,
  type InterfaceDeclaration,
  isInterfaceDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isTypeQueryNode,
  type Node,
  type TypeAliasDeclaration,
  type TypeNode,
} from 'typescript/unstable/ast';
import type { Program } from './program.ts';

type TypeDeclaration = InterfaceDeclaration | TypeAliasDeclaration;

/** The types of queries and tables that a signature names, and those that they name unless they are `shown` already. */
export function findTypes(
  program: Program,
  query: FunctionDeclaration,
  shown: ReadonlyMap<Node, unknown>,
): Set<TypeDeclaration> {
  const types = new Set<TypeDeclaration>();
  const visit = (node: Node) => {
    for (const declaration of program.findDeclarations(node)) {
      if (!/\/src\/(queries|schema)\//.test(declaration.path)) continue;
      const type = declaration.resolve();
      if (type === undefined || !isTypeDeclaration(type) || types.has(type)) continue;
      types.add(type);
      if (!shown.has(type)) visit(type);
    }
  };
  query.parameters.forEach(visit);
  if (query.type !== undefined) visit(query.type);
  return types;
}

/**
 * A type as its file declares it, but for what is taken from a value with `typeof`: who reads it here does not see that
 * value.
 */
export function writeType(program: Program, type: TypeDeclaration): string {
  let text = type.getText();
  for (const computed of listComputed(type).toReversed()) {
    const start = computed.getStart() - type.getStart();
    const end = computed.getEnd() - type.getStart();
    text = text.slice(0, start) + program.writeOut(computed) + text.slice(end);
  }
  return text.replace(/^export /, '');
}

function isTypeDeclaration(node: Node): node is TypeDeclaration {
  return isInterfaceDeclaration(node) || isTypeAliasDeclaration(node);
}

/** The types of properties and aliases that have a `typeof` in them, in the order in which they stand there. */
function listComputed(node: Node): TypeNode[] {
  const hasType = isPropertySignatureDeclaration(node) || isTypeAliasDeclaration(node);
  if (hasType && node.type !== undefined && hasTypeof(node.type)) return [node.type];
  const found: TypeNode[] = [];
  node.forEachChild((child) => {
    found.push(...listComputed(child));
  });
  return found;
}

function hasTypeof(node: Node): boolean {
  return isTypeQueryNode(node) || node.forEachChild(hasTypeof) === true;
}
