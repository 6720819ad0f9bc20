import { flattenChains } from './flatten-chains.ts';
import { objectName, tableOf } from './object-name.ts';

/** An object of the library that a database lacks or has otherwise, or one that is in its way. */
export interface SchemaDifference {
  /**
   * `missing` and `changed` are objects of the library; `added` is what somebody else put on one of
   * its tables and what may refuse or change the rows of others there.
   */
  readonly kind: 'missing' | 'changed' | 'added';
  /** Such as `constraint users_email_key on identity.users`. */
  readonly object: string;
  /** How the library makes it; null for what it does not have. */
  readonly expected: string | null;
  /** How it is in the database; null for what is missing there. */
  readonly actual: string | null;
}

// A function of the first migration on servers before 18, which have none of their own.
const UUIDV7 = 'function public.uuidv7()';

/**
 * How a database differs from the shipped catalog, in the order of the latter.
 *
 * Not compared is what changes no answer: storage parameters, replica identity and clustering,
 * which operators choose; owners; and privileges beyond those that the migrations
 * leave. The right to call a function counts as granted when anybody but its owner has it.
 */
export function compareEntries(
  shipped: readonly string[],
  live: readonly string[],
): SchemaDifference[] {
  const expected = byName(shipped);
  const actual = byName(live);
  const differences: SchemaDifference[] = [];
  for (const [object, entry] of expected) {
    const found = actual.get(object);
    if (found === undefined && (isForgiven(object, actual) || isGone(object, actual))) continue;
    if (found === undefined) {
      differences.push({ kind: 'missing', object, expected: entry, actual: null });
    } else if (comparable(found) !== comparable(entry)) {
      differences.push({ kind: 'changed', object, expected: entry, actual: found });
    }
  }
  for (const [object, entry] of actual) {
    if (expected.has(object) || !isInTheWay(object, entry, expected)) continue;
    differences.push({ kind: 'added', object, expected: null, actual: entry });
  }
  return differences;
}

function byName(entries: readonly string[]): Map<string, string> {
  return new Map(entries.map((entry) => [objectName(entry), entry]));
}

const HAS_EXPRESSION = /^(?:column|constraint|index|policy|rule|trigger) /;

function comparable(shown: string): string {
  // One that was read again from what the server shows is grouped otherwise.
  const entry = HAS_EXPRESSION.test(shown) ? flattenChains(shown) : shown;
  // A database that moved to PostgreSQL 18 by a dump goes on with the function of ours.
  if (entry.startsWith('column ')) return entry.replaceAll('public.uuidv7()', 'uuidv7()');
  if (entry.startsWith('index ')) return entry.replace(/ (?:clustered|replica identity)/g, '');
  if (!/^\w*\s?table /.test(entry)) return entry;
  return entry.replace(/ replica identity \w+/, '').replace(/ with \(.*\)$/, '');
}

function isForgiven(object: string, actual: ReadonlyMap<string, string>): boolean {
  if (object.includes(UUIDV7)) return !actual.has(UUIDV7);
  const [granted] = /^grant execute on .* to /.exec(object) ?? [];
  return granted !== undefined && [...actual.keys()].some((other) => other.startsWith(granted));
}

// Of a table that is missing, nothing else has to be said.
function isGone(object: string, actual: ReadonlyMap<string, string>): boolean {
  const [, called] = /^grant execute on (function [^(]+\()/.exec(object) ?? [];
  if (called !== undefined) return ![...actual.keys()].some((other) => other.startsWith(called));
  const table = tableOf(object);
  return table !== undefined && !actual.has(`table ${table}`) && !actual.has(`type ${table}`);
}

// Own tables, views, functions and indexes of a service are not, nor columns that may stay empty.
function isInTheWay(object: string, entry: string, expected: ReadonlyMap<string, string>): boolean {
  const table = tableOf(object);
  if (object.startsWith('comment ')) return false;
  if (table === undefined || !expected.has(`table ${table}`)) return false;
  if (object.startsWith('index ')) return entry.startsWith('index CREATE UNIQUE ');
  if (!object.startsWith('column ')) return true;
  return / not null/.test(entry) && !/ (?:default|generated) /.test(entry);
}
