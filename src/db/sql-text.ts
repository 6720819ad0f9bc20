const anyOf = (...patterns: RegExp[]) => patterns.map(({ source }) => source).join('|');

const CONCURRENT = new RegExp(
  `^(?:${anyOf(
    /create\s+(?:unique\s+)?index/,
    /drop\s+index/,
    /reindex\s+(?:\([^)]*\)\s*)?(?:index|table|schema|database|system)/,
    /refresh\s+materialized\s+view/,
    /alter\s+table\s.*\sdetach\s+partition\s+(?:"[^"]*"|[^\s"])+/,
  )})\\s+concurrently\\b`,
  'is',
);
const TRANSACTION_CONTROL = new RegExp(
  `^(${anyOf(
    /abort|begin|commit|end/,
    /prepare\s+transaction/,
    /rollback(?!\s+(?:work\s+|transaction\s+)?to\b)/,
    /start\s+transaction/,
  )})\\b`,
  'i',
);

/**
 * Whether this is one statement that does its work concurrently, waiting for others without holding
 * them up.
 */
export function isConcurrent(text: string): boolean {
  const [only = '', ...others] = splitStatements(text);
  return others.length === 0 && CONCURRENT.test(only);
}

/**
 * The first words in the text that begin or end a transaction, such as `commit`. Savepoints do not.
 */
export function findTransactionControl(text: string): string | undefined {
  return splitStatements(text)
    .map((statement) => TRANSACTION_CONTROL.exec(statement)?.[1])
    .find((words) => words !== undefined);
}

/** Whether a statement of the text ends an open transaction, as `rollback and chain` does. */
export function endsTransaction(text: string): boolean {
  return splitStatements(text).some((statement) => {
    const words = TRANSACTION_CONTROL.exec(statement)?.[1];
    return words !== undefined && !/^(?:begin|start)/i.test(words);
  });
}

const QUOTED = String.raw`'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'`;
const LINE_END = String.raw`[ \t\f\v]*(?:--[^\n\r]*)?[\n\r]\s*(?:--[^\n\r]*[\n\r]\s*)*`;

// It goes on after a line end, where its quote alone would be one without escapes.
const ESCAPED = new RegExp(`[eE]${QUOTED}(?:${LINE_END}${QUOTED})*`);

// A piece of SQL that is read as a whole: a comment, a quoted text, a name or number, any other
// character. An alternative inside a repetition costs stack for each character, so there is none
// for the plain characters of a quoted text.
const PIECE = new RegExp(
  anyOf(
    /--[^\n\r]*/,
    ESCAPED,
    /'[^']*(?:''[^']*)*'/,
    /"[^"]*(?:""[^"]*)*"/,
    /\$((?:[^\W\d]\w*)?)\$[\s\S]*?\$\1\$/,
    /[\w$\u0080-\uffff]+/,
    /[\s\S]/,
  ),
  'y',
);

/** A statement of an SQL text. */
export interface SourceStatement {
  /** As it is written, with the comments before it. */
  readonly text: string;
  /** Without comments, but for those in the body of a function. */
  readonly code: string;
}

/**
 * The statements of an SQL text. Semicolons in quotes, in comments and in the body of a function
 * (`begin atomic ... end`) divide nothing.
 */
export function splitSource(source: string): SourceStatement[] {
  const statements: SourceStatement[] = [];
  let text = '';
  let code = '';
  const close = () => {
    if (code.trim() !== '') statements.push({ text: text.trim(), code: code.trim() });
    text = '';
    code = '';
  };
  for (const piece of piecesOf(source)) {
    const isEnd = piece === ';' && !isInBody(`${code};`);
    text += piece;
    if (!isEnd) code += piece.startsWith('--') || piece.startsWith('/*') ? ' ' : piece;
    if (isEnd) close();
  }
  close();
  return statements;
}

/** The statements of an SQL text, without their comments. */
export function splitStatements(text: string): string[] {
  return splitSource(text).map(({ code }) => code);
}

/** What an SQL text is read by: comments, quoted texts, names and numbers, other characters. */
export function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const piece = readPiece(text, at);
    at += piece.length;
    yield piece;
  }
}

function readPiece(text: string, at: number): string {
  if (text.startsWith('/*', at)) return text.slice(at, commentEnd(text, at));
  PIECE.lastIndex = at;
  return PIECE.exec(text)?.[0] ?? '';
}

/** Comments of this kind contain one another. */
function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (const { 0: mark, index } of text.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += mark === '/*' ? 1 : -1;
    if (depth === 0) return start + index + 2;
  }
  return text.length;
}

function isInBody(statement: string): boolean {
  return (
    /^\s*create\s[\s\S]*\bbegin\s+atomic\b/i.test(statement) &&
    !/(?:;|\batomic)\s*end\s*;$/i.test(statement)
  );
}
