import { join, relative } from 'node:path';
import {
  type FunctionDeclaration,
  type Identifier,
  isFunctionDeclaration,
  isIdentifier,
  isShorthandPropertyAssignment,
  type Node,
  type TypeNode,
} from 'typescript/unstable/ast';
import {
  API,
  type Checker,
  type Symbol as Name,
  NodeBuilderFlags,
  type NodeHandle,
  type Project,
  SymbolFlags,
} from 'typescript/unstable/sync';

const root = join(import.meta.dirname, '..', '..');

/**
 * What the compiler knows of the sources. Asked by names and not by text, it is not misled by how a
 * file is written.
 */
export interface Program {
  /** What a file of the repository exports, in order of name, wherever it is declared. */
  listExports(file: string): Node[];
  /** The functions among these. */
  listFunctions(file: string): FunctionDeclaration[];
  /** Where the names in a node are declared, in the order in which they stand there. */
  findDeclarations(node: Node): NodeHandle[];
  /** A type with all that computes it worked out. */
  writeOut(type: TypeNode): string;
}

/** The repository's own project, which the one who asks for it closes by its `api`. */
export function openProject(): { api: API; project: Project } {
  const api = new API({ cwd: root });
  const config = join(root, 'tsconfig.json');
  const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
  if (project === undefined) throw new Error(`TypeScript does not open ${config}`);
  return { api, project };
}

/**
 * What the docs ask of a project. "unstable" is all that TypeScript 7 has to be asked by, so what
 * they ask is all in this file.
 */
export function readProgram({ checker, program }: Project): Program {
  // Most of what a function reaches, others reach too, and every question is a round trip to the
  // compiler.
  const known = new Map<Node, NodeHandle[]>();

  const listExports = (file: string) => {
    const source = program.getSourceFile(join(root, file));
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing`);
    return checker
      .getExportsOfModule(module)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((symbol) => (isAlias(symbol) ? checker.getAliasedSymbol(symbol) : symbol))
      .flatMap(({ declarations }) => declarations)
      .flatMap((declaration) => declaration.resolve() ?? []);
  };

  return {
    listExports,
    listFunctions: (file) => listExports(file).filter(isFunctionDeclaration),
    findDeclarations(node) {
      const found = known.get(node) ?? findDeclarations(checker, listNames(node));
      known.set(node, found);
      return found;
    },
    writeOut(type) {
      const flags =
        NodeBuilderFlags.NoTruncation |
        NodeBuilderFlags.InTypeAlias |
        NodeBuilderFlags.MultilineObjectLiterals |
        NodeBuilderFlags.UseSingleQuotesForStringLiteralType;
      const worked = checker.getTypeFromTypeNode(type);
      if (worked === undefined) throw new Error(`${type.getText()} is no type`);
      return checker.typeToString(worked, type, flags).replaceAll('    ', '  ');
    },
  };
}

/** The file of a node, as the repository names it. */
export function fileOf(node: Node): string {
  return relative(root, node.getSourceFile().fileName);
}

function findDeclarations(checker: Checker, names: Identifier[]): NodeHandle[] {
  return checker.getSymbolAtLocation(names).flatMap((symbol, index) => {
    const parent = names[index]?.parent;
    // `{ name }` is a property and a variable; the variable is what it stands for.
    const meant =
      parent && isShorthandPropertyAssignment(parent)
        ? checker.getShorthandAssignmentValueSymbol(parent)
        : symbol;
    if (meant === undefined) return [];
    return (isAlias(meant) ? checker.getAliasedSymbol(meant) : meant).declarations;
  });
}

/** Whether a name stands for one of another file. */
const isAlias = (symbol: Name) => (symbol.flags & SymbolFlags.Alias) !== 0;

function listNames(node: Node): Identifier[] {
  const names: Identifier[] = isIdentifier(node) ? [node] : [];
  node.forEachChild((child) => {
    names.push(...listNames(child));
  });
  return names;
}
