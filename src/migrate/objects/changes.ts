import { piecesOf } from '../../db/sql-text.ts';
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
 * being dropped; the rest after them, because a table may still need it. Comments go before all,
 * because what they are on may go as well. What drizzle-kit's part of the migration would undo, or
 * could not do beside it, is made again. That part is unknown while drizzle-kit has to ask.
 */
export function compareSources(
  state: ObjectState,
  sources: Sources,
  options: { tables: string | undefined },
): ObjectChanges {
  const first = sources.first.filter(({ name, hash }) => state.get(name) !== hash);
  const changed = sources.objects.filter(
    (object) => state.get(object.name) !== object.hash || isTouched(object, options.tables ?? ''),
  );
  const present = new Set([...sources.first, ...sources.objects].map(({ name }) => name));
  const gone = [...state.keys()].filter((name) => !present.has(name));
  const goneObjects = gone.filter((name) => !name.startsWith('first '));

  // A trigger that changes may have called a function that goes.
  const triggersGo =
    options.tables !== '' || goneObjects.some((name) => kindOf(name) === 'function');
  const mustGo = ({ kind, text }: SqlObject) =>
    kind === 'type' ||
    kind === 'constraint' ||
    kind === 'index' ||
    (kind === 'trigger' && (triggersGo || text.includes('create constraint trigger')));
  const replaced = changed.filter((object) => state.has(object.name) && mustGo(object));
  const dropped = new Set([...goneObjects, ...replaced.map(({ name }) => name)]);
  // Each object is made after those that it needs, so one pass finds the users of users.
  for (const object of sources.objects.filter(({ name }) => state.has(name))) {
    if ([...dropped].some((name) => needs(object, name))) dropped.add(object.name);
  }

  const drops = [...dropped].sort((a, b) => compareObjects(b, a));
  const goesFirst = (name: string) => ['trigger', 'comment'].includes(kindOf(name));
  const made = sources.objects.filter(
    (object) => changed.includes(object) || dropped.has(object.name),
  );
  return {
    before: [
      ...first.map(({ text }) => text),
      ...gone.filter((name) => name.startsWith('first ')).map(leftToAuthor),
      ...drops.filter(goesFirst).map(dropOf),
    ],
    after: [...drops.filter((name) => !goesFirst(name)).map(dropOf), ...made.map(textOf)],
  };
}

/** Whether it is about a key that the tables make anew, or a trigger beside a column retyped. */
function isTouched({ kind, name }: SqlObject, tables: string): boolean {
  const last = name.split(' ').at(-1) ?? '';
  if (kind === 'setting') return tables.includes(`ADD CONSTRAINT "${last}"`);
  if (kind !== 'trigger') return false;
  const table = last.replace('.', '"."');
  return new RegExp(`ALTER TABLE "${table}" ALTER COLUMN \\S+ SET DATA TYPE`).test(tables);
}

/**
 * Whether an object stands or falls with another, so that it has to go before it, and come back
 * after it: what names a type in its signature, or calls a function outside of a body, or comments.
 */
function needs({ kind, name, text }: SqlObject, other: string): boolean {
  const target = targetOf(other);
  const declared = kind === 'function' ? name.slice(name.indexOf('(')) : text;
  switch (kindOf(other)) {
    case 'type':
      return ['type', 'function', 'comment'].includes(kind) && names(declared, target);
    case 'function':
      return (
        ['function', 'constraint', 'index', 'trigger'].includes(kind) &&
        names(declared, target.slice(0, target.indexOf('(')))
      );
    case 'index':
      return name === `comment index ${indexOf(target)}`;
    default:
      return name === `comment ${other}`;
  }
}

function names(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}(?![\\w.])`).test(text);
}

/** The statements that make an object, or replace it: of a function, its comment as well. */
export function textOf({ kind, name, text }: SqlObject): string {
  const isPlain = kind === 'function' && !/^comment on function /m.test(text);
  return isPlain ? `${text}\n\ncomment on ${withoutDefaults(name)} is null;` : text;
}

/** The statement that takes an object away, which need not be there any more. */
export function dropOf(name: string): string {
  const target = targetOf(name);
  switch (kindOf(name)) {
    case 'function':
      return `drop function if exists ${withoutDefaults(target)};`;
    case 'trigger':
      return `drop trigger if exists ${target};`;
    case 'type':
      return `drop type if exists ${target};`;
    case 'constraint': {
      const [constraint, table] = target.split(' on ');
      return `alter table if exists ${table} drop constraint if exists ${constraint};`;
    }
    case 'index':
      return `drop index if exists ${indexOf(target)};`;
    case 'comment':
      return `comment on ${target} is null;`;
    default:
      return leftToAuthor(name);
  }
}

const targetOf = (name: string) => name.slice(kindOf(name).length + 1);

/** An index with its schema, which is that of its table. */
function indexOf(target: string): string {
  const [index, table = ''] = target.split(' on ');
  return `${table.split('.')[0]}.${index}`;
}

function leftToAuthor(name: string): string {
  return `-- FILL IN: ${name} is gone from the sources; undo it here, or delete this line.`;
}

/** The name of a function and its parameters, as `drop function` takes them. */
function withoutDefaults(signature: string): string {
  let kept = '';
  let depth = 0;
  let isDefault = false;
  for (const piece of piecesOf(signature)) {
    if (piece === '(' || piece === '[') depth += 1;
    if (piece === ')' || piece === ']') depth -= 1;
    if (depth === 0 && piece === ')') break;
    if (depth === 1 && piece === ',') isDefault = false;
    if (depth === 1 && (piece === 'default' || piece === '=')) {
      isDefault = true;
      kept = kept.trimEnd();
    }
    if (!isDefault) kept += piece;
  }
  return `${kept})`;
}
