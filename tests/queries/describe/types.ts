import type { ServerType } from './catalog.ts';
import type { DeclaredType } from './declared-type.ts';

/** What TypeScript may send, by what the driver reads such a value as. */
const SENT: Readonly<Record<string, readonly string[]>> = {
  bigint: ['bigint', 'number'],
  boolean: ['boolean'],
  Buffer: ['Buffer'],
  Date: ['Date', 'string'],
  // As JSON text: pg would write an array as one of PostgreSQL's.
  json: ['string'],
  number: ['number'],
  string: ['string'],
};

/** Whether a column of this type is what TypeScript declares, null aside. */
export function returns(type: ServerType, declared: DeclaredType): boolean {
  const kinds = withoutNull(declared);
  if (kinds.includes('undefined')) return false;
  if (type.kind === 'json') return true;
  if (kinds.length !== 1 || kinds[0] !== type.kind) return false;
  if (type.kind === 'array') {
    return !type.element || !declared.element || returns(type.element, declared.element);
  }
  const { labels } = type;
  return !labels || !declared.labels || sameMembers(labels, declared.labels);
}

/** Whether a parameter of this type takes all that TypeScript lets through, null aside. */
export function accepts(type: ServerType, declared: DeclaredType, isEncoded: boolean): boolean {
  const kinds = withoutNull(declared);
  if (kinds.includes('undefined')) return false;
  if (type.kind === 'json' && isEncoded) return true;
  if (type.element !== undefined) {
    const isArray = kinds.length === 1 && kinds[0] === 'array' && declared.element !== undefined;
    return isArray && accepts(type.element, declared.element, isEncoded);
  }
  const sent = SENT[type.kind] ?? [];
  if (!kinds.every((kind) => sent.includes(kind))) return false;
  return !type.labels || !declared.labels || isSubset(declared.labels, type.labels);
}

/** A type of the server as a message names it. */
export function nameType({ name, labels, kind }: ServerType): string {
  return labels ? `${name} (${labels.join(' | ')})` : `${name} (${kind})`;
}

function withoutNull({ kinds }: DeclaredType): string[] {
  return [...kinds].filter((kind) => kind !== 'null');
}

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((item) => all.includes(item));
}

function sameMembers(one: readonly string[], other: readonly string[]): boolean {
  return isSubset(one, other) && isSubset(other, one);
}
