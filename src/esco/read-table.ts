import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { EscoError } from './errors.ts';

/** One of the classification's files, found in the folder. */
export interface EscoFile {
  name: string;
  path: string;
  bytes: number;
}

export interface EscoRow {
  file: string;
  /** The line of the file on which the row begins, from 1. */
  line: number;
  cells: Record<string, string>;
}

/**
 * The first of the names that is in the folder, plain or gzipped.
 *
 * @throws EscoError when none is.
 */
export async function findFile(folder: string, names: string[]): Promise<EscoFile> {
  for (const name of names.flatMap((plain) => [plain, `${plain}.gz`])) {
    const path = join(folder, name);
    if (existsSync(path)) return { name, path, bytes: (await stat(path)).size };
  }
  throw new EscoError('FILE_MISSING', `${folder} has no ${names.join(' or ')}, plain or gzipped`);
}

/**
 * The rows of a file, one at a time. Quoted cells may hold commas, quotes and line breaks; rows may
 * be shorter or longer than the heading. `onBytes` is told how many bytes of the file were read by
 * then.
 *
 * @throws EscoError for a file that is empty, not CSV or lacks a column.
 */
export async function* readTable(
  file: EscoFile,
  columns: string[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<EscoRow> {
  let read = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      onBytes(read);
      done(null, chunk);
    },
  });
  const parser = parse({
    bom: true,
    // The text of a row, with the empty lines before it: what the parser counts as lines leaves
    // these out.
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  const source = createReadStream(file.path);
  const forward = (error: Error) => parser.destroy(error);
  const bytes = source.on('error', forward).pipe(counter);
  const plain = file.name.endsWith('.gz') ? bytes.pipe(createGunzip()).on('error', forward) : bytes;
  plain.pipe(parser);
  let heading: string[] | undefined;
  let line = 1;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{
      record: string[];
      raw: string;
    }>) {
      const begin = line + countBreaks(raw.slice(0, raw.length - raw.trimStart().length));
      line += countBreaks(raw);
      if (heading === undefined) {
        heading = record;
        checkColumns(file, heading, columns);
      } else {
        const names = heading.slice(0, record.length);
        const cells = Object.fromEntries(names.map((name, at) => [name, record[at] ?? '']));
        yield { file: file.name, line: begin, cells };
      }
    }
    if (heading === undefined) throw new EscoError('FILE_EMPTY', `${file.name} is empty`);
  } catch (error) {
    if (error instanceof EscoError) throw error;
    throw new EscoError('FILE_UNREADABLE', `${file.name} cannot be read after line ${line - 1}`, {
      cause: error,
    });
  } finally {
    source.destroy();
  }
}

function checkColumns({ name }: EscoFile, heading: string[], columns: string[]): void {
  const missing = columns.filter((column) => !heading.includes(column));
  if (missing.length > 0) {
    throw new EscoError('COLUMN_MISSING', `${name} has no column ${missing.join(', ')}`);
  }
}

function countBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
