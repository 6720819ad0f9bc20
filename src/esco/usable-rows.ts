import type { EscoRow } from './read-table.ts';

/** A row of the files that was not used, and why. */
export interface UnusableRow {
  /** The name of the file, without its folder. */
  file: string;
  /** The line of the file on which the row begins, from 1. */
  line: number;
  /** Why it was not used; it quotes nothing of the row. */
  reason: string;
}

const MAX_NAME = 300;
const MAX_URI = 500;
const MAX_CATEGORY = 100;
const MAX_DESCRIPTION = 100_000;
const MAX_GROUP = 50;

/** What is wrong with a row that ought to have a URI and a label, or undefined. */
export function findFault(row: EscoRow, seen: ReadonlySet<string>): string | undefined {
  const { cells, fault } = row;
  if (fault !== undefined) return fault;
  const { conceptUri: uri = '', preferredLabel: name = '' } = cells;
  if (uri.trim() === '') return 'has no conceptUri';
  if (name.trim() === '') return 'has no preferredLabel';
  if (isLonger(uri, MAX_URI)) return `its conceptUri is longer than ${MAX_URI} characters`;
  if (isLonger(name, MAX_NAME)) return `its preferredLabel is longer than ${MAX_NAME} characters`;
  if (isLonger(cells.skillType ?? '', MAX_CATEGORY)) {
    return `its skillType is longer than ${MAX_CATEGORY} characters`;
  }
  if (isLonger(cells.description ?? '', MAX_DESCRIPTION)) {
    return `its description is longer than ${MAX_DESCRIPTION} characters`;
  }
  if (isLonger(cells.iscoGroup ?? '', MAX_GROUP)) {
    return `its iscoGroup is longer than ${MAX_GROUP} characters`;
  }
  const texts = [uri, name, cells.description, cells.skillType, cells.iscoGroup];
  if (texts.some((cell) => cell?.includes('\0'))) return 'contains a NUL character';
  if (seen.has(uri)) return 'repeats a conceptUri';
  return undefined;
}

/** In characters as PostgreSQL counts them: one for an emoji, which is two for JavaScript. */
function isLonger(text: string, most: number): boolean {
  return text.length > most && [...text].length > most;
}

export function toUnusable({ file, line }: EscoRow, reason: string): UnusableRow {
  return { file, line, reason };
}
