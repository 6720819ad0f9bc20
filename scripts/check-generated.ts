import { findUngenerated } from '../src/migrate/check-generated.ts';

// For `npm run check`: fails when `npm run db:generate` would write something.
const missing = await findUngenerated();
if (missing !== '') {
  console.error('src/schema and drizzle/ differ: run npm run db:generate -- --name <what_changes>');
  console.error(missing);
  process.exitCode = 1;
}
