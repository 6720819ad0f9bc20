import { defineConfig } from 'drizzle-kit';

// What a service must not do, and is kept from.
export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  dbCredentials: { url: process.env.DATABASE_URL ?? '' },
});
