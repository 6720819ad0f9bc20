import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrate/index.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useEmptyDatabases } from './databases.ts';
import { books, type Files, run, writeMigrations } from './fixture.ts';

const folder = useTemporaryFolder();
const emptyDatabase = useEmptyDatabases();
const write = (files: Files) => writeMigrations(join(folder.path, 'drizzle'), files);

const CATS = 'create table "Cats" (id int, name text);';
const INDEX = `-- Why this index is here.
-- azora-db: no-transaction
create unique index concurrently if not exists "Cats_name_key" on public."Cats" (name);`;
const indexes = (url: string) =>
  run(
    url,
    `select c.relname as name, i.indisvalid as valid, i.indisunique as is_unique
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = '"Cats"'::regclass order by 1`,
  );

describe('a migration marked no-transaction', () => {
  it('may create an index concurrently, which any other may not', async () => {
    const url = await emptyDatabase();
    const unmarked = INDEX.replace('-- azora-db: no-transaction\n', '');
    // Only the head of the file counts.
    const late = `${unmarked}\n-- azora-db: no-transaction`;
    for (const text of [unmarked, late]) {
      const migrationsFolder = await write({ '0001_cats': CATS, '0002_index': text });
      await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
        sqlState: '25001',
        message: expect.stringContaining('opens with "-- azora-db: no-transaction"'),
      });
    }
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_index': INDEX });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0002_index'] });
    expect(await indexes(url)).toEqual([{ name: 'Cats_name_key', valid: true, is_unique: true }]);
  });

  it('says that a concurrent index must stand alone between breakpoints', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({
      '0001_cats': CATS,
      '0002_index': `${INDEX}\ncreate index concurrently "Cats_id_idx" on "Cats" (id);`,
    });
    const failed = migrate({ url, migrationsFolder });
    await expect(failed).rejects.toMatchObject({
      sqlState: '25001',
      message: expect.stringContaining('put "--> statement-breakpoint" before and after it'),
    });
    await expect(failed).rejects.not.toThrow('opens with');
  });

  it('names the file when an invalid index cannot be dropped', async () => {
    const url = await emptyDatabase();
    const migrationsFolder = await write({ '0001_cats': CATS, '0002_index': INDEX });
    await migrate({ url, migrationsFolder: await write({ '0001_cats': CATS }) });
    await run(url, 'create index "Cats_name_key" on "Cats" (name)');
    await run(url, 'update pg_index set indisvalid = false where indrelid = \'"Cats"\'::regclass');
    await write({
      '0001_cats': CATS,
      '0002_index': INDEX.replace(
        'create unique',
        'set role pg_monitor;\n--> statement-breakpoint\ncreate unique',
      ),
    });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '42501',
      message: expect.stringContaining('0002_index failed at statement 2 of 2: must be owner'),
    });
  });

  it('leaves no invalid index behind when it fails', async () => {
    const url = await emptyDatabase();
    const rows = `${CATS} insert into "Cats" values (1, 'Tom'), (2, 'Tom');`;
    const migrationsFolder = await write({ '0001_cats': rows, '0002_index': INDEX });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({ sqlState: '23505' });
    expect(await indexes(url)).toEqual([]);
    expect(await books(url)).toHaveLength(1);
  });

  it('replaces the invalid index that a killed try left, and no valid one', async () => {
    const url = await emptyDatabase();
    const rows = `${CATS} insert into "Cats" values (1, 'Tom'), (2, 'Tom');`;
    await migrate({ url, migrationsFolder: await write({ '0001_cats': rows }) });
    await run(url, 'create index "Cats_id_idx" on "Cats" (id)');
    const build = INDEX.slice(INDEX.indexOf('create'));
    await expect(run(url, build)).rejects.toMatchObject({ code: '23505' });
    expect(await indexes(url)).toContainEqual(expect.objectContaining({ valid: false }));
    await run(url, `delete from "Cats" where id = 2`);
    const idIndex = 'create index concurrently if not exists "Cats_id_idx" on "Cats" (id);';
    const migrationsFolder = await write({
      '0001_cats': rows,
      '0002_index': `${INDEX}\n--> statement-breakpoint\n${idIndex}`,
    });
    const before = await run(url, `select '"Cats_id_idx"'::regclass::oid as oid`);
    await migrate({ url, migrationsFolder });
    expect(await indexes(url)).toEqual([
      { name: 'Cats_id_idx', valid: true, is_unique: false },
      { name: 'Cats_name_key', valid: true, is_unique: true },
    ]);
    expect(await run(url, `select '"Cats_id_idx"'::regclass::oid as oid`)).toEqual(before);
  });

  it('is begun again from its first statement after a failure, and recorded once at its end', async () => {
    const url = await emptyDatabase();
    const head = '-- azora-db: no-transaction\ncreate table if not exists logs (id int);';
    const insert = 'insert into logs values (1);';
    const text = [head, insert, 'select no_such_function();'].join('\n--> statement-breakpoint\n');
    const migrationsFolder = await write({ '0001_logs': text });
    await expect(migrate({ url, migrationsFolder })).rejects.toMatchObject({
      sqlState: '42883',
      message: expect.stringMatching(/statement 3 of 3.*The statements before it were kept/),
    });
    expect(await books(url)).toEqual([]);
    await write({ '0001_logs': [head, insert].join('\n--> statement-breakpoint\n') });
    expect(await migrate({ url, migrationsFolder })).toEqual({ applied: ['0001_logs'] });
    expect(await run(url, 'select id from logs')).toEqual([{ id: 1 }, { id: 1 }]);
    expect(await books(url)).toHaveLength(1);
  });
});
