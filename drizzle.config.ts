import { existsSync } from 'node:fs';
import { defineConfig } from 'drizzle-kit';
import { BOOKS } from './src/books.ts';
import { kitCredentials } from './src/migrate/drizzle-kit.ts';
import { orderKeyColumns } from './src/migrate/kit-introspection.ts';
import { serviceSchemas } from './src/schema/schemas.ts';

// What is set in the environment wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env');

orderKeyColumns();

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/schema/index.ts',
  out: './drizzle',
  // `public` is left out on purpose: `push` would offer to drop what it does not know there.
  schemaFilter: serviceSchemas,
  migrations: BOOKS,
  dbCredentials: kitCredentials(process.env.DATABASE_URL),
});
