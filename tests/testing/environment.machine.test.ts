import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { startEmbedded } from '../../src/embedded/index.ts';
import { createTestDatabase } from '../../src/testing/test-database.ts';

const variables: Record<string, string> = {
  PGHOST: 'nowhere.invalid',
  PGHOSTADDR: '192.0.2.1',
  PGPORT: '1',
  PGDATABASE: 'nothing',
  PGUSER: 'nobody',
  PGPASSWORD: 'hunter2',
  PGPASSFILE: '/nowhere/pgpass',
  PGSERVICE: 'nothing',
  PGSERVICEFILE: '/nowhere/services',
  PGOPTIONS: '-c default_transaction_read_only=on -c search_path=nowhere',
  PGTZ: 'Asia/Tokyo',
  PGDATESTYLE: 'German',
  PGCLIENTENCODING: 'LATIN1',
  PGSSLROOTCERT: '/nowhere/root.crt',
  PGSSLCERT: '/nowhere/client.crt',
  PGSSLKEY: '/nowhere/client.key',
  PGSSLNEGOTIATION: 'direct',
  PGREQUIRESSL: '1',
  PGCHANNELBINDING: 'require',
  PGTARGETSESSIONATTRS: 'read-only',
  PGDATA: '/nowhere/data',
  PGAPPNAME: 'something else',
};

afterEach(() => vi.unstubAllEnvs());

describe('whatever the environment says of other servers', () => {
  it.each(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])(
    'with PGSSLMODE=%s an embedded server and databases for tests on it are made',
    async (mode) => {
      for (const [name, value] of Object.entries({ ...variables, PGSSLMODE: mode })) {
        vi.stubEnv(name, value);
      }
      // One server is enough for the other variables; PGSSLMODE is read by each client.
      const server = await started();
      const made = await createTestDatabase({ serverUrl: server.url });
      try {
        const { rows } = await made.db.$client.query('show default_transaction_read_only');
        expect(rows[0]).toEqual({ default_transaction_read_only: 'off' });
        await (await connect({ url: made.url, max: 1 })).close();
      } finally {
        await made.drop();
      }
    },
  );
});

let server: ReturnType<typeof startEmbedded> | undefined;
function started() {
  server ??= startEmbedded({ ephemeral: true, inMemory: true });
  return server;
}
