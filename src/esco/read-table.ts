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
  /** The line on which the row begins; the heading is line 1. */
  line: number;
  cells: Record<string, string>;
}

/** The first of the names that is in the folder, plain or gzipped. @throws EscoError when none is. */
export async function findFile(folder: string, names: string[]): Promise<EscoFile> {
  for (const name of names.flatMap((plain) => [plain, `${plain}.gz`])) {
    const path = join(folder, name);
    if (existsSync(path)) return { name, path, bytes: (await stat(path)).size };
  }
  throw new EscoError('FILE_MISSING', `${folder} has no ${names.join(' or ')}, plain or gzipped`);
}

/**
 * The rows of a file, one at a time. Quoted cells may hold commas, quotes and line breaks; rows may be shorter or longer
 * than the heading. `onBytes` is told how many bytes of the file were read by then.
 *
 * @throws EscoError for a file that is not CSV or lacks a column.
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
    columns: (heading: string[]) => {
      const missing = columns.filter((column) => !heading.includes(column));
      if (missing.length > 0) {
        throw new EscoError('COLUMN_MISSING', `${file.name} has no column ${missing.join(', ')}`);
      }
      return heading;
    },
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  const source = createReadStream(file.path);
  const forward = (error: Error) => parser.destroy(error);
  const bytes = source.on('error', forward).pipe(counter);
  const plain = file.name.endsWith('.gz') ? bytes.pipe(createGunzip()).on('error', forward) : bytes;
  plain.pipe(parser);
  let line = 2;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      yield { file: file.name, line, cells: record };
      line = info.lines + 1;
    }
  } catch (error) {
    if (error instanceof EscoError) throw error;
    throw new EscoError('FILE_UNREADABLE', `${file.name} cannot be read after line ${line - 1}`, {
      cause: error,
    });
  } finally {
    source.destroy();
  }
}
