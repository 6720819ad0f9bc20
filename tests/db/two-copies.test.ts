import { cp, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { users } from '../../src/schema/index.ts';
import { rejection } from '../setup/errors.ts';
import { useOpen } from '../setup/open.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useTestDatabase } from '../setup/test-database.ts';

type Drizzle = typeof import('drizzle-orm') & typeof import('drizzle-orm/pg-core');

const database = useTestDatabase();
const open = useOpen(database);
const folder = useTemporaryFolder();

/** A table, and its relations, of a service whose drizzle-orm is this one. */
function schemaBy({ integer, pgTable, relations, uuid }: Drizzle) {
  const currencies = pgTable('own_currencies', { id: integer('id').primaryKey(), of: uuid('of') });
  const owned = relations(users as never, ({ many }) => ({ currencies: many(currencies) }));
  const owners = relations(currencies, ({ one }) => ({
    owner: one(users, { fields: [currencies.of], references: [users.id] }),
  }));
  return { owned, mine: currencies, owners };
}

test('a second copy of drizzle-orm is refused by the first thing that it made', async () => {
  // As npm leaves it where a service asks for another version: the same files somewhere else.
  const installed = dirname(fileURLToPath(import.meta.resolve('drizzle-orm')));
  const copy = join(folder.path, 'node_modules', 'drizzle-orm');
  await mkdir(dirname(copy), { recursive: true });
  await cp(installed, copy, { recursive: true, filter: (path) => !/\.(map|c?ts|cjs)$/.test(path) });
  const load = (name: string) => import(pathToFileURL(join(copy, name)).href);
  const schema = schemaBy({ ...(await load('index.js')), ...(await load('pg-core/index.js')) });
  const url = 'postgres://nobody@127.0.0.1:1/none';
  for (const [name, value] of Object.entries(schema)) {
    const error = await rejection(connect({ url, schema: { [name]: value } }));
    expect(error).toMatchObject({
      name: 'InvalidInputError',
      field: `schema.${name}`,
      rule: expect.stringContaining('another copy of drizzle-orm'),
    });
  }
});

test('what require() makes of the one copy is as good as what import makes', async () => {
  const require = createRequire(import.meta.url);
  const required = { ...require('drizzle-orm'), ...require('drizzle-orm/pg-core') } as Drizzle;
  const db = await open({ schema: schemaBy(required) });
  await db.execute('create table own_currencies (id int primary key, of uuid)');
  await db.insert(db._.fullSchema.mine).values({ id: 1 });
  const rows = await db.query.mine.findMany({ with: { owner: true } });
  expect(rows).toEqual([{ id: 1, of: null, owner: null }]);
});
