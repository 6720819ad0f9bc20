import { type Checker, SymbolFlags, type Type, TypeFlags } from 'typescript/unstable/sync';

/**
 * What TypeScript says of one value, taken apart as far as a server's type can be compared with it.
 */
export interface DeclaredType {
  /** As TypeScript writes it. */
  readonly text: string;
  /**
   * Some of string, number, bigint, boolean, Date, Buffer, array, object, unknown, null and
   * undefined.
   */
  readonly kinds: ReadonlySet<string>;
  /** The strings that it can be, unless it can be any. */
  readonly labels: readonly string[] | undefined;
  readonly element: DeclaredType | undefined;
}

const KINDS: readonly (readonly [TypeFlags, string])[] = [
  [TypeFlags.AnyOrUnknown, 'unknown'],
  [TypeFlags.StringLike, 'string'],
  [TypeFlags.NumberLike, 'number'],
  [TypeFlags.BigIntLike, 'bigint'],
  [TypeFlags.BooleanLike, 'boolean'],
  [TypeFlags.Null, 'null'],
  [TypeFlags.VoidLike, 'undefined'],
];
const CLASSES = ['Date', 'Buffer'];

export function readType(checker: Checker, type: Type): DeclaredType {
  const parts = listParts(type);
  const strings = parts.filter((part) => kindOf(checker, part) === 'string');
  const labels = strings.flatMap((part) => (part.isStringLiteralType() ? [part.value] : []));
  const array = parts.find((part) => kindOf(checker, part) === 'array');
  const [item] = array?.isTypeReference() ? checker.getTypeArguments(array) : [];
  return {
    text: checker.typeToString(type),
    kinds: new Set(parts.map((part) => kindOf(checker, part))),
    labels: strings.length > 0 && labels.length === strings.length ? labels.sort() : undefined,
    element: item && readType(checker, item),
  };
}

/** The properties of an object's type; one that may be left out may be undefined. */
export function readProperties(checker: Checker, type: Type): Map<string, DeclaredType> {
  const properties = checker.getPropertiesOfType(type);
  const types = checker.getTypeOfSymbol(properties);
  const found = new Map<string, DeclaredType>();
  for (const [index, property] of properties.entries()) {
    const declared = types[index];
    if (declared === undefined) continue;
    const read = readType(checker, declared);
    const isOptional = (property.flags & SymbolFlags.Optional) !== 0;
    const kinds = isOptional ? new Set([...read.kinds, 'undefined']) : read.kinds;
    found.set(property.name, { ...read, kinds });
  }
  return found;
}

/** The members of a union. A branded string counts as a string. */
function listParts(type: Type): readonly Type[] {
  // A boolean is a union too.
  if ((type.flags & TypeFlags.Boolean) !== 0) return [type];
  if (type.isUnionType()) return type.getTypes().flatMap(listParts);
  if (!type.isIntersectionType()) return [type];
  const primitive = type.getTypes().find((part) => (part.flags & TypeFlags.Primitive) !== 0);
  return [primitive ?? type];
}

function kindOf(checker: Checker, type: Type): string {
  const kind = KINDS.find(([flags]) => (type.flags & flags) !== 0);
  if (kind !== undefined) return kind[1];
  if (checker.isArrayType(type)) return 'array';
  const name = type.getSymbol()?.name ?? '';
  return CLASSES.includes(name) ? name : 'object';
}
