import Table from 'cli-table3';

/** A table as text, with a coloured head on a terminal only. `right` names columns of numbers. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly right?: readonly number[] } = {},
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (options.right?.includes(index) ? 'right' : 'left')),
    // cli-table3 colours without asking what it writes to.
    style: { head: process.stdout.isTTY && !process.env.NO_COLOR ? ['cyan'] : [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
