import { createHash } from 'node:crypto';
import { type SourceStatement, splitSource } from '../../db/sql-text.ts';

/** The kinds of SQL objects, in the order in which they are made: each may need those before it. */
const kinds = [
  'extension',
  'type',
  'function',
  'setting',
  'constraint',
  'index',
  'trigger',
  'rows',
  'comment',
] as const;
export type SqlKind = (typeof kinds)[number];

/** Something that Drizzle cannot express, as one statement of a `.sql` file of `src` makes it. */
export interface SqlObject {
  readonly kind: SqlKind;
  /**
   * The kind and what tells it from others of its kind: of a function its whole signature, because
   * `create or replace` can change its body and nothing else.
   */
  readonly name: string;
  /**
   * The statement as it is written, with the comments before it, and of a function the comment on
   * it.
   */
  readonly text: string;
  readonly hash: string;
}

interface Form {
  readonly kind: SqlKind;
  readonly pattern: RegExp;
  /** From the pattern's groups. */
  readonly name: (...groups: string[]) => string;
}

// The forms that a statement of a source file may have. White space is one space here.
const forms: readonly Form[] = [
  {
    kind: 'extension',
    pattern: /^create extension if not exists (\w+)/,
    name: (extension) => extension,
  },
  { kind: 'type', pattern: /^create type ([\w.]+) as \(/, name: (type) => type },
  {
    kind: 'function',
    pattern: /^create or replace function ([\w.]+\(.*?\)(?: returns .*?)?) language /,
    name: (signature) => signature,
  },
  {
    kind: 'trigger',
    pattern: /^create (?:or replace|constraint) trigger (\w+) .*? on ([\w.]+) /,
    name: (trigger, table) => `${trigger} on ${table}`,
  },
  {
    kind: 'constraint',
    pattern: /^alter table ([\w.]+) add constraint (\w+) /,
    name: (table, constraint) => `${constraint} on ${table}`,
  },
  {
    kind: 'index',
    pattern: /^create (?:unique )?index (\w+) on ([\w.]+) /,
    name: (index, table) => `${index} on ${table}`,
  },
  {
    kind: 'setting',
    pattern: /^alter table ([\w.]+) ((?:alter column \w+ )?set|alter constraint \w+)/,
    name: (table, what) => `${table} ${what}`,
  },
  { kind: 'rows', pattern: /^insert into ([\w.]+) .* on conflict /, name: (table) => table },
  { kind: 'comment', pattern: /^comment on (\w+ \S.*?) is /, name: (target) => target },
];

const COMMENT_ON_FUNCTION = /^comment on function ([\w.]+)/;

/**
 * The objects of one source file, in the order in which they stand there.
 *
 * @throws Error for a statement of another form, which a database could not take twice
 */
export function parseObjects(source: string, file: string): SqlObject[] {
  const objects: SqlObject[] = [];
  for (const statement of splitSource(source)) {
    const code = foldSpace(statement.code);
    const last = objects.at(-1);
    const [, commented] = COMMENT_ON_FUNCTION.exec(code) ?? [];
    if (commented === undefined) objects.push(toObject(statement, code, file));
    else if (last?.name.startsWith(`function ${commented}(`)) {
      objects[objects.length - 1] = withComment(last, statement);
    } else throw new Error(`${file}: the comment on ${commented} must follow the function`);
  }
  return objects;
}

function toObject(statement: SourceStatement, code: string, file: string): SqlObject {
  for (const { kind, pattern, name } of forms) {
    const [found, ...groups] = pattern.exec(code) ?? [];
    if (found === undefined) continue;
    const { text } = statement;
    return { kind, name: `${kind} ${name(...groups)}`, text, hash: hashOf(statement.code) };
  }
  throw new Error(`${file}: no known form of an SQL object: ${code.slice(0, 80)}`);
}

function withComment(made: SqlObject, { text, code }: SourceStatement): SqlObject {
  return { ...made, text: `${made.text}\n\n${text}`, hash: hashOf(made.hash + code) };
}

/** Enough of a SHA-256 to tell two texts of one object apart. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function kindOf(name: string): SqlKind {
  const [word] = name.split(' ');
  const kind = kinds.find((known) => known === word);
  if (kind === undefined) throw new Error(`not the name of an SQL object: ${name}`);
  return kind;
}

/** Whether one object is made before the other: negative if so. Of one kind, by name. */
export function compareObjects(left: string, right: string): number {
  const byKind = kinds.indexOf(kindOf(left)) - kinds.indexOf(kindOf(right));
  if (byKind !== 0) return byKind;
  return left < right ? -1 : Number(left > right);
}

// So that a signature is the same however its lines are broken.
function foldSpace(code: string): string {
  return code.replace(/\s+/g, ' ').replace(/\( /g, '(').replace(/ \)/g, ')');
}
