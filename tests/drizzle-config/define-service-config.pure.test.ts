import { pgPolicy, pgSchema, pgTable, text } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { defineServiceConfig } from '../../src/drizzle-config/index.ts';
import { withoutOurs } from '../../src/drizzle-config/keep-ours-out.ts';
import * as ours from '../../src/schema/index.ts';
import { KIT_IS_GUARDED, refuseBareKitPush } from '../../src/schema/kit-guard.ts';

const refused: Record<string, readonly [options: object, field: string]> = {
  'an unknown option': [{ schema: 'a.ts', entities: { roles: true } }, 'entities'],
  'no schema': [{}, 'schema'],
  'an empty list of files': [{ schema: [] }, 'schema'],
  'a schema of ours': [{ schema: 'a.ts', schemaFilter: ['shop', 'finance'] }, 'schemaFilter'],
  'the schema of the books': [{ schema: 'a.ts', schemaFilter: 'drizzle' }, 'schemaFilter'],
  'no schema at all': [{ schema: 'a.ts', schemaFilter: [] }, 'schemaFilter'],
  'books among our tables': [
    { schema: 'a.ts', migrations: { schema: 'platform' } },
    'migrations.schema',
  ],
  'books in our books': [
    { schema: 'a.ts', migrations: { schema: 'azora_db' } },
    'migrations.schema',
  ],
  'books that push would drop': [
    { schema: 'a.ts', schemaFilter: 'shop', migrations: { schema: 'shop' } },
    'migrations.schema',
  ],
};

describe('defineServiceConfig', () => {
  test.each(Object.entries(refused))('refuses %s', (_what, [options, field]) => {
    expect(() => defineServiceConfig(options as never)).toThrow(
      expect.objectContaining({ name: 'InvalidInputError', field }),
    );
  });

  test('is what drizzle-kit takes', () => {
    const url = 'postgres://shop:secret@db.example/azora';
    expect(defineServiceConfig({ schema: './schema.ts', url, casing: 'snake_case' })).toEqual({
      dialect: 'postgresql',
      schema: './schema.ts',
      out: './drizzle',
      schemaFilter: ['public'],
      migrations: {},
      casing: 'snake_case',
      dbCredentials: expect.objectContaining({ host: 'db.example', database: 'azora' }),
    });
  });
});

describe('withoutOurs', () => {
  const shop = pgSchema('shop');
  const orders = shop.table('orders', { id: text() });

  test('hides every object of ours that is re-exported, and nothing else', () => {
    const helper = () => 1;
    expect(withoutOurs({ ...ours, shop, orders, helper }, ['shop'])).toMatchObject({
      shop,
      orders,
      helper,
    });
    const left = Object.keys(withoutOurs({ ...ours, orders }, ['shop']) as object);
    const values = left.map((name) => (ours as Record<string, unknown>)[name]);
    expect(values.filter((value) => typeof value === 'object')).toEqual(
      values.filter((value) => Array.isArray(value)),
    );
  });

  test('refuses a table, and a policy, that the service would put among ours', () => {
    const shoes = ours.identity.table('shoes', { id: text() });
    expect(() => withoutOurs({ shoes }, ['shop'])).toThrow(/table identity.shoes/);
    const policy = pgPolicy('all').link(ours.users);
    expect(() => withoutOurs({ policy }, ['shop'])).toThrow(/policy on table identity.users/);
  });

  test('refuses a table that push would pass over', () => {
    const notes = pgTable('notes', { id: text() });
    expect(() => withoutOurs({ orders, notes }, ['shop'])).toThrow(/table public.notes/);
  });
});

describe('refuseBareKitPush', () => {
  const bin = '/shop/node_modules/.bin/drizzle-kit';

  test('refuses push by whatever name it was started', () => {
    for (const path of [bin, 'C:\\shop\\node_modules\\drizzle-kit\\bin.cjs']) {
      expect(() => refuseBareKitPush(['node', path, 'push'], {})).toThrow(
        expect.objectContaining({ code: 'KIT_PUSH_REFUSED' }),
      );
    }
  });

  test('lets pass what is guarded, other commands and other programs', () => {
    refuseBareKitPush(['node', bin, 'push'], { [KIT_IS_GUARDED]: 'yes' });
    refuseBareKitPush(['node', bin, 'generate'], {});
    refuseBareKitPush(['node', '/shop/push.ts', 'push'], {});
    refuseBareKitPush([], {});
  });
});
