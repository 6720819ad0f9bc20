import {
  type ClassElement,
  type FunctionDeclaration,
  isClassDeclaration,
  isConditionalTypeNode,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
  isPrivateIdentifier,
  isPropertyDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { fileOf, type Program } from './program.ts';

/** A type, function, parameter or field that an editor shows to callers of the package. */
export interface Shown {
  /** `src/area/file.ts: Type.field`. */
  readonly name: string;
  /** Its docstring, empty where there is none. */
  readonly sentence: string;
}

const SOURCES = /\/(src|seeds)\//;
/**
 * Their fields are columns, of which docs/reference speaks. A comment on a column would be seen by
 * nobody: Drizzle makes the row types by `as`, behind which TypeScript knows no declaration.
 */
const TABLES = /\/src\/schema\//;
/** They are described by their types. */
const OBJECTS = new Set(['db', 'params', 'options']);

/**
 * What some files export but values, the parameters of its functions, and the fields of all types
 * that these name, and of those that those name.
 */
export function listShown(program: Program, files: readonly string[]): Shown[] {
  const seen = new Set<Node>();
  const shown: Shown[] = [];
  const visit = (declaration: Node) => {
    if (seen.has(declaration)) return;
    seen.add(declaration);
    for (const part of partsOf(declaration)) {
      shown.push(...fieldsOf(part, nameOf(declaration)));
      for (const handle of program.findDeclarations(part)) {
        if (!SOURCES.test(handle.path) || TABLES.test(handle.path)) continue;
        const used = handle.resolve();
        if (used !== undefined && isType(used)) visit(used);
      }
    }
  };
  for (const exported of files.flatMap((file) => program.listExports(file)).filter(isOurs)) {
    if (isType(exported)) shown.push({ name: placeOf(exported), sentence: commentOf(exported) });
    if (isFunctionDeclaration(exported)) shown.push(...parametersOf(exported));
    visit(exported);
  }
  return shown.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const isOurs = (node: Node) => !TABLES.test(node.getSourceFile().fileName);

const isType = (node: Node) =>
  isInterfaceDeclaration(node) || isTypeAliasDeclaration(node) || isClassDeclaration(node);

/** The parts of a declaration that callers see: not what is in a function, nor what is private. */
function partsOf(node: Node): readonly Node[] {
  if (isFunctionDeclaration(node) || isMethodDeclaration(node)) {
    return [...node.parameters, ...(node.type === undefined ? [] : [node.type])];
  }
  if (isVariableDeclaration(node)) return node.type === undefined ? [] : [node.type];
  if (isClassDeclaration(node)) {
    return [...(node.heritageClauses ?? []), ...node.members.flatMap(partsOfMember)];
  }
  return isType(node) ? [node] : [];
}

/** Instances are made by the library, so what a constructor takes is its own. */
function partsOfMember(member: ClassElement): readonly Node[] {
  if (isMethodDeclaration(member)) return partsOf(member);
  const isField = isPropertyDeclaration(member) && !isPrivateIdentifier(member.name);
  return isField ? [member] : [];
}

/** The docstring of a function has the names of its parameters where it speaks of them. */
function parametersOf(node: FunctionDeclaration): Shown[] {
  const comment = commentOf(node);
  const parameters = node.parameters
    .map((parameter) => parameter.name.getText())
    .filter((name) => !OBJECTS.has(name))
    .map((name) => ({
      name: `${placeOf(node)}(${name})`,
      sentence: comment.includes(`\`${name}\``) ? comment : '',
    }));
  return [{ name: placeOf(node), sentence: comment }, ...parameters];
}

function fieldsOf(node: Node, owner: string): Shown[] {
  const isField =
    isPropertySignatureDeclaration(node) ||
    isMethodSignatureDeclaration(node) ||
    isPropertyDeclaration(node);
  const name = isField ? `${owner}.${node.name.getText()}` : owner;
  const found: Shown[] = [];
  if (isField) found.push({ name: `${fileOf(node)}: ${name}`, sentence: commentOf(node) });
  node.forEachChild((child) => {
    if (!isPattern(child)) found.push(...fieldsOf(child, name));
  });
  return found;
}

/** What a conditional type compares with, which nobody fills in. */
const isPattern = (node: Node) =>
  isConditionalTypeNode(node.parent) && node === node.parent.extendsType;

const commentOf = (node: Node) => (node.jsDoc ?? []).map((comment) => comment.getText()).join('\n');

const placeOf = (node: Node) => `${fileOf(node)}: ${nameOf(node)}`;

function nameOf(node: Node): string {
  const isNamed = isType(node) || isFunctionDeclaration(node) || isVariableDeclaration(node);
  return (isNamed && node.name?.getText()) || '';
}
