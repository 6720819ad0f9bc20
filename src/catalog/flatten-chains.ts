/**
 * An expression as the server prints it, with `((a OR b) OR c)` as `(a OR b OR c)`, and AND so too.
 * The server keeps the former of a comparison of rows and, where it reads that again, as in a
 * restored dump, the latter.
 */
export function flattenChains(text: string): string {
  const tokens = text.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|['"()]|[^'"()]+/g) ?? [];
  const open: Group[] = [[]];
  for (const token of tokens) {
    if (token === '(') {
      open.push([]);
    } else if (token === ')' && open.length > 1) {
      const group = open.pop() as Group;
      open.at(-1)?.push(group);
    } else {
      open.at(-1)?.push(token);
    }
  }
  return open.map(print).join('(');
}

/** What stands between two parentheses: texts, and groups in parentheses of their own. */
type Group = (string | Group)[];

function print(group: Group): string {
  const operator = operatorOf(group);
  return group
    .map((part, index) => {
      if (typeof part === 'string') return part;
      const isOperand =
        endsWith(group[index - 1], operator) && startsWith(group[index + 1], operator);
      return isOperand && operatorOf(part) === operator ? print(part) : `(${print(part)})`;
    })
    .join('');
}

// The server sets each chain of them in parentheses, so a group has but one of the two.
function operatorOf(group: Group): string | undefined {
  return [' OR ', ' AND '].find((operator) =>
    group.some(
      (part) => typeof part === 'string' && !/^['"]/.test(part) && part.includes(operator),
    ),
  );
}

function endsWith(part: string | Group | undefined, operator: string | undefined): boolean {
  if (operator === undefined) return false;
  return part === undefined || (typeof part === 'string' && part.endsWith(operator));
}

function startsWith(part: string | Group | undefined, operator: string | undefined): boolean {
  if (operator === undefined) return false;
  return part === undefined || (typeof part === 'string' && part.startsWith(operator));
}
