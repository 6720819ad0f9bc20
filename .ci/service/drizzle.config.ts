import { defineServiceConfig } from '@azora/db/drizzle-config';

export default defineServiceConfig({
  schema: './schema.ts',
  schemaFilter: 'shop',
});
