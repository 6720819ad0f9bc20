import type { Declaration } from './declarations.ts';
import type { DeclaredType } from './declared-type.ts';
import type { Inspected, InspectedColumn } from './inspect.ts';
import { accepts, nameType, returns } from './types.ts';

/** What else is known of a statement. */
interface Circumstances {
  /** What a `prepared` calls `$1`, `$2` and so on; null is a constant. */
  readonly parameters?: readonly (string | null)[] | undefined;
  /** Whether another statement with the same type of rows returns null in this column. */
  isNullElsewhere(column: string): boolean;
}

/** `$1`, `$2` and so on; undefined for a constant of the builder, which nobody passes. */
type Parameters = readonly (DeclaredType | undefined)[];

/** A line for each thing of a statement in which TypeScript and the server differ. */
export function listDifferences(
  { row, values }: Declaration,
  inspected: Inspected,
  circumstances: Circumstances,
): string[] {
  const names = circumstances.parameters;
  const parameters = values && listParameters(values, names);
  return [
    ...(parameters === undefined
      ? ['the types of its parameters are not declared']
      : compareParameters(parameters, inspected, names !== undefined)),
    ...(row === undefined
      ? ['the type of its rows is not declared']
      : compareColumns(row, inspected, parameters ?? [], circumstances)),
  ];
}

function listParameters(
  values: NonNullable<Declaration['values']>,
  names: Circumstances['parameters'] = [],
): Parameters {
  return 'length' in values ? values : names.map((name) => values.get(name ?? ''));
}

function compareParameters(
  declared: Parameters,
  { parameters }: Inspected,
  isEncoded: boolean,
): string[] {
  if (declared.length !== parameters.length) {
    return [`parameters: declared ${declared.length}, found ${parameters.length}`];
  }
  return parameters.flatMap((type, index) => {
    const value = declared[index];
    if (value === undefined || accepts(type, value, isEncoded)) return [];
    return [`parameter $${index + 1}: declared ${value.text}, found ${nameType(type)}`];
  });
}

function compareColumns(
  row: ReadonlyMap<string, DeclaredType>,
  { columns }: Inspected,
  parameters: Parameters,
  circumstances: Circumstances,
): string[] {
  const seen = new Set<string>();
  const differences = columns.flatMap((column) => {
    const { name, type } = column;
    if (seen.has(name)) return [`column ${name}: found twice`];
    seen.add(name);
    const declared = row.get(name);
    if (declared === undefined)
      return [`column ${name}: declared nowhere, found ${nameType(type)}`];
    if (!returns(type, declared)) {
      return [`column ${name}: declared ${declared.text}, found ${nameType(type)}`];
    }
    return compareNull(column, declared, parameters, circumstances);
  });
  const missing = [...row].filter(([name]) => !seen.has(name));
  return [
    ...differences,
    ...missing.map(([name, { text }]) => `column ${name}: declared ${text}, found nowhere`),
  ];
}

function compareNull(
  { name, nullability }: InspectedColumn,
  declared: DeclaredType,
  parameters: Parameters,
  { isNullElsewhere }: Circumstances,
): string[] {
  const found =
    typeof nullability === 'object'
      ? ofParameter(parameters[nullability.parameter - 1])
      : nullability;
  if (found === 'unknown' || declared.kinds.has('unknown')) return [];
  const isNull = declared.kinds.has('null');
  if (found === 'nullable' && !isNull) {
    return [`column ${name}: declared ${declared.text}, found to be null at times`];
  }
  if (found === 'never' && isNull && !isNullElsewhere(name)) {
    return [`column ${name}: declared ${declared.text}, found never to be null`];
  }
  return [];
}

function ofParameter(declared: DeclaredType | undefined): 'nullable' | 'never' | 'unknown' {
  if (declared === undefined) return 'unknown';
  return declared.kinds.has('null') ? 'nullable' : 'never';
}
