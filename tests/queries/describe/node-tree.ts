/**
 * A node of PostgreSQL's query trees, `{VAR :varno 1 :varattno 2}`: its name, and the values of
 * each field.
 */
export interface TreeNode {
  readonly name: string;
  readonly fields: ReadonlyMap<string, readonly TreeValue[]>;
}

type TreeValue = string | TreeNode | readonly TreeValue[];

// A backslash keeps the next character from ending a word.
const TOKEN = /[{}()]|(?:\\[\s\S]|[^\s{}()\\])+/g;

/** Reads what the server's `nodeToString` wrote. */
export function parseTree(text: string): TreeNode {
  const tokens = text.match(TOKEN) ?? [];
  let place = 0;

  const readValue = (): TreeValue => {
    const token = tokens[place++] ?? '';
    if (token === '{') return readNode();
    if (token !== '(') return token.replaceAll(/\\([\s\S])/g, '$1');
    const list: TreeValue[] = [];
    while (place < tokens.length && tokens[place] !== ')') list.push(readValue());
    place += 1;
    return list;
  };
  const readNode = (): TreeNode => {
    const name = tokens[place++] ?? '';
    const fields = new Map<string, TreeValue[]>();
    let values: TreeValue[] = [];
    while (place < tokens.length && tokens[place] !== '}') {
      const token = tokens[place] ?? '';
      if (token.startsWith(':')) {
        values = [];
        fields.set(token.slice(1), values);
        place += 1;
      } else {
        values.push(readValue());
      }
    }
    place += 1;
    return { name, fields };
  };

  const tree = readValue();
  if (!isNode(tree)) throw new Error(`the server sent no query tree, but ${text.slice(0, 80)}`);
  return tree;
}

function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && 'name' in value;
}

export function numberOf(node: TreeNode, field: string): number {
  return Number(node.fields.get(field)?.[0]);
}

export function childOf(node: TreeNode, field: string): TreeNode | undefined {
  const value = node.fields.get(field)?.[0];
  return isNode(value) ? value : undefined;
}

/** The nodes of a field that is a list; none when it is `<>`. */
export function childrenOf(node: TreeNode, field: string): TreeNode[] {
  const value = node.fields.get(field)?.[0];
  return Array.isArray(value) ? value.filter(isNode) : [];
}
