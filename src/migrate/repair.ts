import type { SchemaDifference } from '../catalog/compare-entries.ts';
import { tableOf } from '../catalog/object-name.ts';

/** What of the differences can be put right without touching a row, and what cannot. */
export interface Repair {
  /** In the order in which they need each other; for one transaction. */
  readonly statements: readonly string[];
  readonly refused: readonly SchemaDifference[];
}

/**
 * Plans how objects that were dropped or changed come back: functions, defaults, constraints,
 * indexes, triggers, the right to call a function, comments. A dropped table or column stays
 * refused, because an empty one in its place would hide that its rows are gone; so does what
 * somebody added.
 */
export function planRepair(differences: readonly SchemaDifference[]): Repair {
  const planned = differences.map((difference) => ({ difference, steps: stepsFor(difference) }));
  const steps = planned.flatMap((plan) => plan.steps ?? []);
  return {
    statements: order.flatMap((kind) =>
      steps.filter((step) => step.kind === kind).map(({ statement }) => statement),
    ),
    refused: planned.filter((plan) => plan.steps === null).map(({ difference }) => difference),
  };
}

const order = [
  'extension',
  'function',
  'column',
  'drop foreign key',
  'drop',
  'key',
  'index',
  'check',
  'foreign key',
  'trigger',
  'grant',
  'comment',
] as const;

interface Step {
  readonly kind: (typeof order)[number];
  readonly statement: string;
}

/** Null for what is not put back. */
function stepsFor({ kind, object, expected, actual }: SchemaDifference): Step[] | null {
  if (expected === null) return null;
  const [what, name = ''] = object.split(' ');
  const table = tableOf(object) ?? '';
  switch (what) {
    case 'extension':
      return [{ kind: 'extension', statement: `create ${expected.replace(' in ', ' ')}` }];
    case 'function':
      // One that is there in `public` may be somebody else's.
      if (kind === 'changed' && name.startsWith('public.')) return null;
      return [{ kind: 'function', statement: expected }];
    case 'grant':
      return [{ kind: 'grant', statement: expected }];
    case 'comment':
      return [{ kind: 'comment', statement: expected.replace(COMMENTED_PART, '$1 $2') }];
    case 'column':
      return actual === null ? null : columnSteps(name, expected, actual);
    case 'constraint':
      return constraintSteps({ name, table, expected, isThere: actual !== null });
    case 'index':
      return [
        ...(actual === null ? [] : [dropIndex(name, table)]),
        // A key that comes back has its index by now.
        { kind: 'index', statement: expected.replace(/^index (.*?INDEX)/, '$1 IF NOT EXISTS') },
      ];
    case 'trigger':
      return [
        { kind: 'drop', statement: `drop trigger if exists ${name} on ${table}` },
        { kind: 'trigger', statement: expected.replace(/^trigger /, '') },
      ];
    default:
      return null;
  }
}

// As the server calls columns, constraints and types, and SQL does not.
const COMMENTED_PART = /^(comment on) (?:table|composite) (column|constraint|type)/;

function dropIndex(name: string, table: string): Step {
  return { kind: 'drop', statement: `drop index ${table.split('.')[0]}.${name}` };
}

function constraintSteps(constraint: {
  name: string;
  table: string;
  expected: string;
  isThere: boolean;
}): Step[] {
  const { name, table, expected, isThere } = constraint;
  const definition = expected.slice(`constraint ${name} on ${table} `.length);
  // Of a constraint trigger, which comes back with that.
  if (definition.startsWith('TRIGGER')) return [];
  const isForeign = definition.startsWith('FOREIGN KEY');
  const kind = isForeign ? 'foreign key' : definition.startsWith('CHECK') ? 'check' : 'key';
  const drop: Step = {
    kind: isForeign ? 'drop foreign key' : 'drop',
    statement: `alter table ${table} drop constraint ${name}`,
  };
  const add: Step = {
    kind,
    statement: `alter table ${table} add constraint ${name} ${definition}`,
  };
  return isThere ? [drop, add] : [add];
}

const COLUMN = new RegExp(
  '^column \\S+ (?<type>.+?)(?<required> not null)?' +
    '(?<identity> generated (?:always|by default) as identity)?(?: default (?<value>.+))?$',
  's',
);

// Its type, and how it is generated, are not changed, because that rewrites rows.
function columnSteps(name: string, expected: string, actual: string): Step[] | null {
  const to = COLUMN.exec(expected)?.groups;
  const from = COLUMN.exec(actual)?.groups;
  const [, table, column] = /^(.+)\.([^.]+)$/.exec(name) ?? [];
  if (!to || !from || to.type !== from.type || to.identity !== from.identity) return null;
  const change = `alter table ${table} alter column ${column}`;
  // Of PostgreSQL 18 itself, before that in `public`, which the search path has.
  const value = to.value?.replaceAll('public.uuidv7()', 'uuidv7()');
  const setDefault = value === undefined ? 'drop default' : `set default ${value}`;
  return [
    { kind: 'column', statement: `${change} ${setDefault}` },
    { kind: 'column', statement: `${change} ${to.required ? 'set' : 'drop'} not null` },
  ];
}
