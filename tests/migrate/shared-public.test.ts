import { describe, expect, it } from 'vitest';
import { migrate } from '../../src/migrate/index.ts';
import { dropAll } from '../../src/migrate/reset.ts';
import { useEmptyDatabases } from './databases.ts';
import { run } from './fixture.ts';

const emptyDatabase = useEmptyDatabases();

const bodyOf = async (url: string, signature: string) => {
  const rows = await run<{ body: string }>(
    url,
    `select prosrc as body from pg_proc where oid = to_regprocedure('${signature}')`,
  );
  return rows.map(({ body }) => body.trim());
};

describe('a function of somebody else in public', () => {
  it('called uuidv7 is neither replaced by migrate nor dropped by dropAll', async () => {
    const url = await emptyDatabase();
    await run(
      url,
      `create function public.uuidv7() returns uuid language sql as 'select gen_random_uuid()';
       create table public.notes (id uuid default public.uuidv7())`,
    );
    await migrate({ url });
    expect(await bodyOf(url, 'public.uuidv7()')).toEqual(['select gen_random_uuid()']);
    await dropAll({ url });
    expect(await bodyOf(url, 'public.uuidv7()')).toEqual(['select gen_random_uuid()']);
    await run(url, 'insert into public.notes default values');
    expect(await run(url, 'select from public.notes where id is not null')).toHaveLength(1);
  });

  it('that ours would replace stops migrate, by name, and stays as it is', async () => {
    const url = await emptyDatabase();
    await run(
      url,
      `create function public.is_time_zone(name text) returns boolean language sql as 'select false'`,
    );
    await expect(migrate({ url })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      sqlState: '42723',
      message: expect.stringContaining('public.is_time_zone(text)'),
    });
    expect(await bodyOf(url, 'public.is_time_zone(text)')).toEqual(['select false']);
  });
});

describe('dropAll', () => {
  it('drops the functions in public that are ours', async () => {
    const url = await emptyDatabase();
    await migrate({ url });
    await dropAll({ url });
    const names = [
      'uuidv7()',
      'is_time_zone(text)',
      'wallet_address(uuid, text)',
      'fold_text(text)',
    ];
    for (const ours of names) {
      expect(await bodyOf(url, `public.${ours}`)).toEqual([]);
    }
  });
});
