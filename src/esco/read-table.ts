import { isUtf8 } from 'node:buffer';
import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
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
  /** Why it cannot be used, if that shows in its form. */
  fault: string | undefined;
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
 * The rows of a file, one at a time, with blanks around cells left out. Quoted cells may hold
 * commas, quotes and line breaks; lines end in CRLF, LF or CR, also mixed; rows may be shorter than
 * the heading. `onBytes` is told how many bytes of the file were read by then.
 *
 * @throws EscoError for a file that is empty, not UTF-8, not CSV, lacks a column or has one twice.
 */
export async function* readTable(
  file: EscoFile,
  columns: string[],
  onBytes: (bytes: number) => void,
): AsyncGenerator<EscoRow> {
  let heading: string[] | undefined;
  for await (const { record, line } of readRecords(file, onBytes)) {
    const row = record.map((cell) => cell.trim());
    if (heading === undefined) {
      heading = row;
      checkColumns(file, heading, columns);
      continue;
    }
    const names = heading.slice(0, row.length);
    const cells = Object.fromEntries(names.map((name, at) => [name, row[at] ?? '']));
    const isLonger = row.slice(heading.length).some((cell) => cell !== '');
    const fault = isLonger ? 'has more cells than the heading' : undefined;
    yield { file: file.name, line, cells, fault };
  }
  if (heading === undefined) throw new EscoError('FILE_EMPTY', `${file.name} is empty`);
}

interface NumberedRecord {
  record: string[];
  line: number;
}

/** The records, up to `most`, each with the line on which it begins. */
async function* readRecords(
  file: EscoFile,
  onBytes: (bytes: number) => void,
  most?: number,
): AsyncGenerator<NumberedRecord> {
  // Loaded only for this, because every service imports the library, and few import ESCO.
  const { parse } = await import('csv-parse');
  const parser = parse({
    bom: true,
    // By default the end of the first line would be that of all.
    record_delimiter: ['\r\n', '\n', '\r'],
    // The text of a row, with the empty lines before it: what the parser counts as lines leaves
    // these out.
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    ...(most !== undefined && { to: most }),
  });
  const source = createReadStream(file.path);
  const steps = [
    counter(onBytes),
    ...(file.name.endsWith('.gz') ? [createGunzip()] : []),
    decoder(file),
    parser,
  ];
  // Its error is that of the parser, which is read here.
  pipeline([source, ...steps], () => undefined);
  let line = 1;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{
      record: string[];
      raw: string;
    }>) {
      const begin = line + countBreaks(raw.slice(0, raw.length - raw.trimStart().length));
      line += countBreaks(raw);
      yield { record, line: begin };
    }
  } catch (error) {
    throw error instanceof EscoError ? error : await unreadable(file, error);
  } finally {
    source.destroy();
  }
}

/** Says where: the records before the one that cannot be read are read again and counted. */
async function unreadable(file: EscoFile, cause: unknown): Promise<EscoError> {
  const { CsvError } = await import('csv-parse');
  if (!(cause instanceof CsvError)) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return new EscoError('FILE_UNREADABLE', `${file.name} cannot be read: ${code ?? message}`, {
      cause,
    });
  }
  let line = 0;
  const { records } = cause as { records?: number };
  if (records)
    for await (const record of readRecords(file, () => undefined, records)) line = record.line;
  const why = csvFaults[cause.code] ?? 'is not CSV';
  return new EscoError('FILE_UNREADABLE', `${file.name}: a row after line ${line} ${why}`, {
    cause,
  });
}

const csvFaults: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has a quote inside of a quoted cell that is not doubled',
  INVALID_OPENING_QUOTE: 'has a quote inside of a cell that is not quoted',
};

function counter(onBytes: (bytes: number) => void): Transform {
  let read = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      onBytes(read);
      done(null, chunk);
    },
  });
}

/** Bytes to text, line by line, so that a fault can be told by its line. */
function decoder(file: EscoFile): Transform {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  const decode = (bytes: Buffer): string => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    try {
      const text = strict.decode(bytes);
      line += countLineFeeds(bytes);
      return text;
    } catch {
      throw new EscoError('FILE_UNREADABLE', `${file.name} is not UTF-8: ${placeOf(bytes, line)}`);
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = Buffer.concat([rest, chunk]);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      rest = bytes.subarray(end);
      attempt(done, () => decode(bytes.subarray(0, end)));
    },
    flush(done) {
      attempt(done, () => decode(rest));
    },
  });
}

function attempt(done: (error: Error | null, text?: string) => void, run: () => string): void {
  try {
    done(null, run());
  } catch (error) {
    done(error as Error);
  }
}

const LINE_FEED = 10;

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1))
    count += 1;
  return count;
}

/** The first line of some that is not UTF-8; no character has a line feed in it. */
function placeOf(bytes: Buffer, first: number): string {
  if (bytes[0] === 0xff || bytes[0] === 0xfe) return 'it looks like UTF-16';
  let line = first;
  for (let at = 0; at < bytes.length; line += 1) {
    const end = bytes.indexOf(LINE_FEED, at);
    const until = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(at, until))) break;
    at = until;
  }
  return `line ${line} holds bytes of another encoding`;
}

function checkColumns({ name }: EscoFile, heading: string[], columns: string[]): void {
  const missing = columns.filter((column) => !heading.includes(column));
  if (missing.length > 0) {
    throw new EscoError('COLUMN_MISSING', `${name} has no column ${missing.join(', ')}`);
  }
  // A spreadsheet may have written columns without a name behind the others.
  const repeated = heading.find((column, at) => column !== '' && heading.indexOf(column) !== at);
  if (repeated !== undefined) {
    throw new EscoError('COLUMN_REPEATED', `${name} has the column ${repeated} twice`);
  }
}

function countBreaks(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
