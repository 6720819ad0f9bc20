import type { Sources } from './read-sources.ts';
import { compareObjects, kindOf, type SqlObject } from './sql-object.ts';
import type { ObjectState } from './state.ts';

/**
 * What brings a database from one state of the SQL objects to another, as statements in an order
 * that works.
 */
export interface ObjectChanges {
  /** Before the tables change. */
  readonly before: readonly string[];
  /** After they have. */
  readonly after: readonly string[];
}

/**
 * Compares the sources with what the migrations make so far. An object that is gone, or that cannot
 * be replaced, is dropped: triggers before the tables change, because they would keep a column from
 * being dropped; the rest after them, because a table may still need it.
 */
export function compareSources(
  state: ObjectState,
  sources: Sources,
  options: { tablesChange: boolean },
): ObjectChanges {
  const first = sources.first.filter(({ name, hash }) => state.get(name) !== hash);
  const changed = sources.objects.filter(({ name, hash }) => state.get(name) !== hash);
  const present = new Set([...sources.first, ...sources.objects].map(({ name }) => name));
  const gone = [...state.keys()].filter((name) => !present.has(name));

  const users = usersOf(changed, sources.objects, state);
  const mustGo = ({ kind, text }: SqlObject) =>
    kind === 'type' ||
    kind === 'constraint' ||
    kind === 'index' ||
    (kind === 'trigger' && (options.tablesChange || text.includes('create constraint trigger')));
  const made = sources.objects.filter((object) => changed.includes(object) || users.has(object));
  const dropped = [
    ...gone.filter((name) => !name.startsWith('first ')),
    ...made
      .filter((object) => state.has(object.name) && (mustGo(object) || users.has(object)))
      .map(({ name }) => name),
  ].sort((a, b) => compareObjects(b, a));
  const isTrigger = (name: string) => kindOf(name) === 'trigger';

  return {
    before: [
      ...first.map(({ text }) => text),
      ...gone.filter((name) => name.startsWith('first ')).map(leftToAuthor),
      ...dropped.filter(isTrigger).map(dropOf),
    ],
    after: [
      ...dropped.filter((name) => !isTrigger(name)).map(dropOf),
      ...made.map(({ text }) => text),
    ],
  };
}

/**
 * The functions whose signature names a type that is made anew: they have to go before it, and come
 * back after it.
 */
function usersOf(
  changed: readonly SqlObject[],
  all: readonly SqlObject[],
  state: ObjectState,
): Set<SqlObject> {
  const types = changed
    .filter(({ kind, name }) => kind === 'type' && state.has(name))
    .map(({ name }) => name.slice('type '.length));
  const isUser = ({ kind, name }: SqlObject) =>
    kind === 'function' && state.has(name) && types.some((type) => usesType(name, type));
  return new Set(all.filter(isUser));
}

function usesType(signature: string, type: string): boolean {
  return new RegExp(`[ (]${type.replace('.', '\\.')}(?![\\w.])`).test(signature);
}

/** The statement that takes an object away, which need not be there any more. */
export function dropOf(name: string): string {
  const kind = kindOf(name);
  const target = name.slice(kind.length + 1);
  switch (kind) {
    case 'function':
      return `drop function if exists ${withoutDefaults(target)};`;
    case 'trigger':
      return `drop trigger if exists ${target};`;
    case 'type':
      return `drop type if exists ${target};`;
    case 'constraint': {
      const [constraint, table] = target.split(' on ');
      return `alter table ${table} drop constraint if exists ${constraint};`;
    }
    case 'index': {
      // An index lies in the schema of its table.
      const [index, table = ''] = target.split(' on ');
      return `drop index if exists ${table.split('.')[0]}.${index};`;
    }
    case 'comment':
      return `comment on ${target} is null;`;
    default:
      return leftToAuthor(name);
  }
}

function leftToAuthor(name: string): string {
  return `-- FILL IN: ${name} is gone from the sources; undo it here, or delete this line.`;
}

/** The name of a function and its parameters, as `drop function` takes them. */
function withoutDefaults(signature: string): string {
  const called = signature.replace(/\) returns .*$/, ')');
  return called.replace(/ default (?:'[^']*'(?:::[\w.]+)?|[^,()]+)/g, '');
}
