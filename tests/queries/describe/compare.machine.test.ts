import { describe, expect, it } from 'vitest';
import { openProject } from '../../../docs/generate/program.ts';
import { loadedStatements } from '../../../src/db/statement.ts';
import { useScratchDatabase } from '../../setup/scratch-database.ts';
import { readDeclarations } from './declarations.ts';
import { ddl } from './faults.ts';
import { useInspection } from './use-inspection.ts';

const file = 'tests/queries/describe/faults.ts';
const { api, project } = openProject();
const loaded = new Set(loadedStatements.map(({ label }) => label));
const declarations = readDeclarations(project, [file], loaded);
api.close();

const differences: Readonly<Record<string, readonly string[]>> = {
  renamed: [
    'column amount: declared nowhere, found int8 (bigint)',
    'column size: declared bigint, found nowhere',
  ],
  retyped: ['column amount: declared number, found int8 (bigint)'],
  retyped_array: ['column tags: declared number[], found text[] (array)'],
  enum_grown: ['column mood: declared "ANGRY" | "GLAD" | "SAD", found mood (GLAD | SAD)'],
  enum_shrunk: ['column mood: declared "GLAD", found mood (GLAD | SAD)'],
  // The driver does not know the array, and leaves it as text.
  enum_array: ['column moods: declared Mood[], found mood[] (string)'],
  nullable: ['column label: declared string, found to be null at times'],
  nullable_function: ['column label: declared string, found to be null at times'],
  nullable_joined: ['column note: declared string, found to be null at times'],
  nullable_right: ['column id: declared number, found to be null at times'],
  nullable_full: [
    'column id: declared number, found to be null at times',
    'column note: declared string, found to be null at times',
  ],
  nullable_grouped: ['column note: declared string, found to be null at times'],
  nullable_returned: ['column label: declared string, found to be null at times'],
  nullable_union: ['column word: declared string, found to be null at times'],
  nullable_parameter: ['column word: declared string, found to be null at times'],
  never_null: ['column amount: declared bigint | null, found never to be null'],
  optional: ['column amount: declared bigint | undefined, found int8 (bigint)'],
  twice: ['column id: found twice'],
  more: ['column amount: declared nowhere, found int8 (bigint)'],
  row_undeclared: ['column id: declared nowhere, found int4 (number)'],
  values_undeclared: ['the types of its parameters are not declared'],
  listed_too: ['column id: declared number, found text (string)'],
  made: [
    'column count: declared nowhere, found int8 (bigint)',
    'column rows: declared bigint, found nowhere',
  ],
  made_typed: ['column label: declared string, found to be null at times'],
  parameter_retyped: ['parameter $1: declared string, found int4 (number)'],
  parameter_enum: ['parameter $1: declared "ANGRY" | Mood, found mood (GLAD | SAD)'],
  parameter_date: ['parameter $1: declared number, found timestamptz (Date)'],
  parameter_array: ['parameter $1: declared string, found text[] (array)'],
  parameter_json: ['parameter $1: declared object, found jsonb (json)'],
  parameter_missing: ['parameters: declared 2, found 1'],
  refused: ['the server refuses it: relation "articles" does not exist'],
  lies_prepared: [
    'parameter $1: declared number | null, found text (string)',
    'column id: declared bigint, found int4 (number)',
    'column soldAt: declared Date, found to be null at times',
  ],
};

describe('the comparison of statements', () => {
  const differencesOf = useInspection(useScratchDatabase(ddl), declarations);

  it.each(loadedStatements)('finds what is to be found in $label', ({ label }) => {
    const expected = (differences[label] ?? []).map((line) => `${label} of ${file}, ${line}`);
    expect(differencesOf(label)).toEqual(expected);
  });
});
