import { describe, expect, test } from 'vitest';
import { OUR_BOOKS } from '../../src/books.ts';
import { readJournal } from '../../src/journal.ts';
import { applyMigration } from '../../src/migrate/apply.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { rejection } from '../setup/errors.ts';
import { type Release, usePgBouncer } from '../setup/pgbouncer.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';

const database = useScratchDatabase('select');
const start = usePgBouncer();
const dropping = { ignore_startup_parameters: 'options' };

describe.each<Release>(['bookworm', 'trixie'])('migrate through the PgBouncer of %s', (release) => {
  test('in transaction mode refuses and names the direct URL, before it changes anything', async () => {
    const url = await start(release, database.url, dropping);
    const all = await Promise.all([1, 2, 3].map(() => rejection(migrate({ url }))));
    for (const error of all) {
      expect(error).toMatchObject({ name: 'MigrationError', code: 'SESSION_SHARED' });
      expect(error.message).toContain('Pass the URL of the server itself');
    }
    const { rows } = await database.db.$client.query(
      "select from pg_namespace where nspname in ('drizzle', 'azora_db')",
    );
    expect(rows).toHaveLength(0);
  });
});

describe('migrate', () => {
  test('through a pooler in session mode lets one of three deployers apply each migration once', async () => {
    const url = await start('bookworm', database.url, { ...dropping, pool_mode: 'session' });
    const runs = await Promise.all([1, 2, 3].map(() => migrate({ url })));
    const tags = readJournal().map(({ tag }) => tag);
    expect(runs.map(({ applied }) => applied).sort((a, b) => a.length - b.length)).toEqual([
      [],
      [],
      tags,
    ]);
    const { rows } = await database.db.$client.query(
      'select count(*)::int as n from azora_db.migrations',
    );
    expect(rows[0].n).toBe(tags.length);
  });

  test.each([true, false])(
    'runs nothing on a backend that does not hold the lock (in a transaction: %s)',
    async (transactional) => {
      const { $client } = database.db;
      const client = await $client.connect();
      try {
        const migration = {
          idx: 9999,
          tag: '9999_harmless',
          when: 1,
          hash: 'hash',
          hashes: ['hash'],
          transactional,
          statements: ['create table public.not_made ()'],
        };
        const settings = {
          lockTimeoutMs: 500,
          lockAttempts: 1,
          onRetry: () => {},
          record: OUR_BOOKS,
          searchPath: undefined,
        };
        const error = await rejection(applyMigration(client, migration, settings));
        expect(error).toMatchObject({ code: 'SESSION_SHARED' });
      } finally {
        client.release(true);
      }
      const { rows } = await $client.query("select to_regclass('public.not_made') as made");
      expect(rows[0].made).toBeNull();
    },
  );
});
