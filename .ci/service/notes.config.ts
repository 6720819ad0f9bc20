import { defineServiceConfig } from '@azora/db/drizzle-config';

// Tables without a key to ours, which may be there before.
export default defineServiceConfig({
  schema: './notes.ts',
  schemaFilter: 'notes',
  out: './drizzle-notes',
});
