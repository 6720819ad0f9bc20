import type { Catalog } from './catalog.ts';
import { childOf, childrenOf, numberOf, type TreeNode } from './node-tree.ts';

/**
 * Whether a column of a result can be null, as far as it is declared; or that it is what a
 * parameter is.
 */
export type Nullability = 'nullable' | 'never' | 'unknown' | { readonly parameter: number };

/** A query and those around it, the innermost first. */
type Queries = readonly [TreeNode, ...TreeNode[]];

const LEFT = 1;
const FULL = 2;
const RIGHT = 3;

/**
 * Of each column of a query: a table's column is what the table says, also through subqueries, CTEs
 * and functions that return rows of a table; on the far side of an outer join it is nullable. An
 * expression is unknown.
 */
export function listNullability(catalog: Catalog, query: TreeNode): Nullability[] {
  return targetsOf(query).map((_, index) => ofTarget(catalog, [query], index + 1));
}

function ofTarget(catalog: Catalog, queries: Queries, number: number): Nullability {
  const [query] = queries;
  const arms = childOf(query, 'setOperations');
  if (arms !== undefined) {
    return combine(listRelations(arms).map((index) => ofRelation(catalog, queries, index, number)));
  }
  const target = targetsOf(query)[number - 1];
  return ofExpression(catalog, queries, target && childOf(target, 'expr'));
}

function ofExpression(catalog: Catalog, queries: Queries, node: TreeNode | undefined): Nullability {
  switch (node?.name) {
    case 'PARAM':
      return { parameter: numberOf(node, 'paramid') };
    // A cast is null when its argument is.
    case 'RELABELTYPE':
    case 'COERCEVIAIO':
    case 'ARRAYCOERCEEXPR':
      return ofExpression(catalog, queries, childOf(node, 'arg'));
    case 'VAR': {
      const around = outward(queries, numberOf(node, 'varlevelsup'));
      return around === undefined
        ? 'unknown'
        : ofRelation(catalog, around, numberOf(node, 'varno'), numberOf(node, 'varattno'));
    }
    default:
      return 'unknown';
  }
}

/** A column of what stands in `from`. */
function ofRelation(
  catalog: Catalog,
  queries: Queries,
  index: number,
  column: number,
): Nullability {
  const [query] = queries;
  const relation = childrenOf(query, 'rtable')[index - 1];
  if (relation === undefined) return 'unknown';
  if (listOuter(query).has(index)) return 'nullable';
  const relid = numberOf(relation, 'relid');
  const subquery = childOf(relation, 'subquery');
  // A view has both.
  if (relid > 0) return catalog.isNotNull(relid, column) ? 'never' : 'nullable';
  if (subquery !== undefined) return ofTarget(catalog, [subquery, ...queries], column);
  if (relation.fields.has('ctename')) return ofCte(catalog, queries, relation, column);
  if (relation.fields.has('functions')) return ofFunction(catalog, relation, column);
  const aliased = [...childrenOf(relation, 'joinaliasvars'), ...childrenOf(relation, 'groupexprs')];
  return ofExpression(catalog, queries, aliased[column - 1]);
}

function ofCte(
  catalog: Catalog,
  queries: Queries,
  relation: TreeNode,
  column: number,
): Nullability {
  const around = outward(queries, numberOf(relation, 'ctelevelsup'));
  const name = relation.fields.get('ctename')?.[0];
  const cte = childrenOf(around?.[0] ?? relation, 'cteList').find(
    (candidate) => candidate.fields.get('ctename')?.[0] === name,
  );
  const query = cte && childOf(cte, 'ctequery');
  // A recursive one has itself among the queries around it.
  if (around === undefined || query === undefined || queries.includes(query)) return 'unknown';
  return ofTarget(catalog, [query, ...around], column);
}

function ofFunction(catalog: Catalog, relation: TreeNode, column: number): Nullability {
  const functions = childrenOf(relation, 'functions');
  const [only] = functions;
  if (only === undefined || functions.length > 1) return 'unknown';
  // The number of `with ordinality`.
  if (column > numberOf(only, 'funccolcount')) return 'never';
  const call = childOf(only, 'funcexpr');
  const table = call && catalog.returnedTable(numberOf(call, 'funcid'));
  if (table === undefined) return 'unknown';
  return catalog.isNotNull(table, column) ? 'never' : 'nullable';
}

function targetsOf(query: TreeNode): TreeNode[] {
  const returned = childrenOf(query, 'returningList');
  const isSelect = numberOf(query, 'commandType') === 1;
  const targets = isSelect ? childrenOf(query, 'targetList') : returned;
  return targets.filter((target) => target.fields.get('resjunk')?.[0] !== 'true');
}

function outward(queries: Queries, levels: number): Queries | undefined {
  const [first, ...others] = queries.slice(levels);
  return first && [first, ...others];
}

function combine(arms: readonly Nullability[]): Nullability {
  if (arms.includes('nullable')) return 'nullable';
  return arms.every((arm) => arm === 'never') ? 'never' : 'unknown';
}

/** The places in `from` that a join, or the arms of a union, refer to. */
function listRelations(node: TreeNode): number[] {
  if (node.name === 'RANGETBLREF') return [numberOf(node, 'rtindex')];
  const parts = [childOf(node, 'larg'), childOf(node, 'rarg')].filter((part) => part !== undefined);
  const own = node.name === 'JOINEXPR' ? [numberOf(node, 'rtindex')] : [];
  return [...own, ...parts.flatMap(listRelations)];
}

/** The places in `from` for which an outer join may put nulls. */
function listOuter(query: TreeNode): Set<number> {
  const outer = new Set<number>();
  const visit = (node: TreeNode | undefined) => {
    if (node === undefined) return;
    const left = childOf(node, 'larg');
    const right = childOf(node, 'rarg');
    const kind = node.name === 'JOINEXPR' ? numberOf(node, 'jointype') : undefined;
    const emptied = [
      kind === RIGHT || kind === FULL ? left : undefined,
      kind === LEFT || kind === FULL ? right : undefined,
    ];
    for (const side of emptied) {
      for (const index of side ? listRelations(side) : []) outer.add(index);
    }
    for (const part of [...childrenOf(node, 'fromlist'), left, right]) visit(part);
  };
  visit(childOf(query, 'jointree'));
  return outer;
}
