import { type ExitCode, exitCodes } from './exit-codes.ts';
import { print } from './output.ts';
import { describeUrl } from './target.ts';

/** What a command with `--json` found out. */
export interface Report {
  readonly command: string;
  readonly url: string;
  readonly exitCode: ExitCode;
  /** The fields of the document beside those that every command has. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** The same for people. */
  readonly lines: readonly string[];
}

/**
 * Prints it as lines, or with `json` as one document, in which nothing is left out that the lines
 * say; and has the process end with its code.
 */
export function printReport(report: Report, { json = false }: { json?: boolean }): void {
  const { command, url, exitCode, facts, lines } = report;
  process.exitCode = exitCode;
  if (!json) {
    for (const line of lines) print(line);
    return;
  }
  const { host, port, database } = describeUrl(url);
  const ok = exitCode === exitCodes.done;
  const head = { command, ok, exitCode, database: { name: database, host, port } };
  print(JSON.stringify({ ...head, ...facts }, null, 2));
}
