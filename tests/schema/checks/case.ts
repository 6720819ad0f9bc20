type Values = Record<string, unknown>;

/** A check constraint, what breaks it, and what else a valid row needs before that can. */
export interface CheckCase {
  constraint: string;
  table: string;
  base: Values;
  broken: Values;
  /** For rules that triggers keep a row from ever coming to: the rows are stored as a replica would. */
  withoutTriggers: boolean;
}

/** One table's cases: by constraint, the values that break it, or a valid row's values and those. */
export function checksOf(
  table: string,
  cases: Record<string, Values | readonly [base: Values, broken: Values]>,
  { withoutTriggers = false } = {},
): CheckCase[] {
  return Object.entries(cases).map(([rule, values]) => {
    const [base, broken] = isPair(values) ? values : [{}, values];
    return {
      constraint: `${table.split('.')[1]}_${rule}_check`,
      table,
      base,
      broken,
      withoutTriggers,
    };
  });
}

function isPair(
  values: Values | readonly [base: Values, broken: Values],
): values is readonly [base: Values, broken: Values] {
  return Array.isArray(values);
}

/** A time in the first minute of 2026, this many seconds in. */
export function second(seconds: number): Date {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
}

export const longText = (length: number) => 'x'.repeat(length);
