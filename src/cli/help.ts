import { exitMeanings } from './exit-codes.ts';

/** What stands below the commands in `--help`. */
export const helpBelow = `
The database is that of --url, else that of DATABASE_URL: in the file of --env-file, else in the
environment, else in .env. Without any, an embedded PostgreSQL of this project is used, and
started by the commands that need one.

Exit codes:
${exitMeanings.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}

Every command has a --help of its own.`;
