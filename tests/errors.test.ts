import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, test } from 'vitest';
import { statement } from '../src/db/statement.ts';
import { getDriverError, toDbError } from '../src/db/to-db-error.ts';
import { transaction } from '../src/db/transaction.ts';
import { AzoraDbError, InvalidInputError, NotFoundError } from '../src/errors.ts';
import { rejection } from './setup/errors.ts';
import { useScratchDatabase } from './setup/scratch-database.ts';

const database = useScratchDatabase(`
  create table owners (id integer primary key, email text constraint owners_email_key unique);
  create table pets (
    id integer constraint pets_pkey primary key,
    owner_id integer constraint pets_owner_id_fkey references owners on delete restrict,
    name text not null,
    weight integer constraint pets_weight_check check (weight > 0),
    box integer,
    constraint pets_box_excl exclude using btree (box with =)
  );
  insert into owners values (1, 'taken@example.org');
  insert into pets values (1, 1, 'Rex', 10, 1);
  create function refuse() returns trigger language plpgsql as $$
  begin
    raise exception 'pets is append-only'
      using errcode = 'restrict_violation', table = 'pets', constraint = 'pets_append_only';
  end $$;
  create trigger pets_append_only before delete on pets for each row execute function refuse();
`);

/** What an error shows of itself, to a log as much as to a debugger. */
function everythingPrinted(error: Error): string {
  const shown = inspect(error, { depth: Infinity, showHidden: true, getters: true });
  return [shown, String(error), error.stack, JSON.stringify(error)].join('\n');
}

describe('toDbError', () => {
  test.each([
    ['unique', '23505', 'owners_email_key', `insert into owners values (2, 'taken@example.org')`],
    ['foreign key', '23503', 'pets_owner_id_fkey', `insert into pets values (2, 9, 'Tom', 1, 2)`],
    ['check', '23514', 'pets_weight_check', `update pets set weight = 0`],
    ['exclusion', '23P01', 'pets_box_excl', `insert into pets values (2, 1, 'Tom', 1, 1)`],
    ['restrict', '23001', 'pets_append_only', `delete from pets`],
  ])(
    'makes a %s violation a ConstraintError that names it',
    async (kind, sqlState, constraint, text) => {
      const error = await rejection(database.db.execute(sql.raw(text)));
      expect(error).toMatchObject({
        name: 'ConstraintError',
        code: 'CONSTRAINT_VIOLATION',
        kind,
        sqlState,
        constraint,
        table: constraint.split('_')[0],
      });
    },
  );

  test('names the column of a not null violation', async () => {
    const error = await rejection(database.db.execute(sql`update pets set name = null`));
    expect(error).toMatchObject({
      kind: 'not null',
      sqlState: '23502',
      table: 'pets',
      column: 'name',
    });
  });

  test.each([
    ['SQL_ERROR', '22P02', (value: string) => sql`select ${value}::uuid`],
    ['SQL_ERROR', '42P01', (value: string) => sql`select ${value}::regclass`],
    [
      'CONSTRAINT_VIOLATION',
      '23505',
      (value: string) => sql`insert into owners values (300, ${value})`,
    ],
    [
      'CONSTRAINT_VIOLATION',
      '23514',
      (value: string) => sql`insert into pets values (5, 1, ${value}, 0, 5)`,
    ],
  ])(
    'prints no bound value with %s %s, whichever way the statement ran',
    async (code, sqlState, query) => {
      const { db } = database;
      const value = `secret_value_${sqlState.toLowerCase()}`;
      await db.execute(sql`insert into owners select max(id) + 1, ${value} from owners`);
      const { sql: text, params } = new PgDialect().sqlToQuery(query(value));

      const errors = [
        await rejection(db.execute(query(value))),
        await rejection(statement('secretive', text)(db, params)),
        await rejection(transaction(db, (tx) => tx.execute(query(value)))),
        toDbError(await rejection(db.$client.query(text, params))),
        toDbError(await rejection(drizzle({ client: db.$client }).execute(query(value)))),
      ];
      for (const error of errors) {
        expect(error).toMatchObject({ code, sqlState });
        expect(everythingPrinted(error)).not.toContain(value);
        expect(inspect(getDriverError(error))).toContain(value);
      }
    },
  );

  test('says what is wrong with the text of a statement', async () => {
    const error = await rejection(database.db.execute(sql`select nonsense from owners`));
    expect(error.message).toBe(
      'the database refused the statement (SQLSTATE 42703): column "nonsense" does not exist',
    );
  });

  test('keeps the words of a raised exception', async () => {
    const raise = sql`do $$ begin raise exception 'the shop is closed'; end $$`;
    const error = await rejection(database.db.execute(raise));
    expect(error).toMatchObject({ code: 'SQL_ERROR', sqlState: 'P0001' });
    expect(error.message).toContain('the shop is closed');
  });

  test('tells a missing privilege, a timeout and a lock timeout apart', async () => {
    const { db } = database;
    const inRole = transaction(db, async (tx) => {
      await tx.execute(sql`create role nobody_at_all`);
      await tx.execute(sql`set local role nobody_at_all`);
      await tx.execute(sql`select * from pets`);
    });
    expect(await rejection(inRole)).toMatchObject({ name: 'PermissionError', sqlState: '42501' });

    const slow = transaction(db, async (tx) => {
      await tx.execute(sql`set local statement_timeout = '20ms'`);
      await tx.execute(sql`select pg_sleep(60)`);
    });
    expect(await rejection(slow)).toMatchObject({
      name: 'TimeoutError',
      code: 'STATEMENT_CANCELED',
      sqlState: '57014',
    });

    const waiting = transaction(db, async (holder) => {
      await holder.execute(sql`lock table owners`);
      await transaction(db, async (tx) => {
        await tx.execute(sql`set local lock_timeout = '20ms'`);
        await tx.execute(sql`select * from owners`);
      });
    });
    expect(await rejection(waiting)).toMatchObject({
      name: 'TimeoutError',
      code: 'LOCK_TIMEOUT',
      sqlState: '55P03',
    });
  });

  test('leaves our own errors and those of others as they are', () => {
    const ours = new NotFoundError('wallet', ['userId', 'currency']);
    const other = new RangeError('not ours');
    expect(toDbError(ours)).toBe(ours);
    expect(toDbError(other)).toBe(other);
    expect(toDbError('text')).toMatchObject({ code: 'UNKNOWN' });
  });

  test('makes a broken socket a ConnectionLostError', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), {
      code: 'ECONNRESET',
      syscall: 'read',
    });
    expect(toDbError(reset)).toMatchObject({
      name: 'ConnectionLostError',
      code: 'CONNECTION_LOST',
    });
  });
});

describe('AzoraDbError', () => {
  test('shows its class, the field and the rule', () => {
    const error = new InvalidInputError('items.1.amount', 'must be greater than 0');
    expect(error).toBeInstanceOf(AzoraDbError);
    expect(String(error)).toBe('InvalidInputError: items.1.amount must be greater than 0');
    expect(error.stack).toMatch(/^InvalidInputError: items\.1\.amount/);
  });

  test('names what a get looked for', () => {
    expect(new NotFoundError('wallet', ['userId', 'currency']).message).toBe(
      'no wallet has this userId, currency',
    );
  });
});
