import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/session.ts';
import { AzoraDbError, InvalidInputError } from '../../src/errors.ts';
import * as education from '../../src/queries/education/index.ts';
import * as finance from '../../src/queries/finance/index.ts';
import * as marketplace from '../../src/queries/marketplace/index.ts';
import { rejection } from '../setup/errors.ts';

type Query = (db: Db, params: unknown) => unknown;

/** What is exported and does not take `(db, params)`. */
const others = new Set(['parseWalletAddress']);

const untouchable = new Proxy({} as Db, {
  get: () => {
    throw new Error('the database was touched before the params were checked');
  },
});

// Every query function is among these as soon as its area's index exports it.
const queries = Object.entries({ ...education, ...finance, ...marketplace })
  .filter(([name, value]) => typeof value === 'function' && !others.has(name) && !isError(value))
  .map(([name, value]) => ({ name, query: value as Query }));

function isError(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof AzoraDbError;
}

/** Whether params may be left out: a parameter with a default does not count as expected. */
function hasDefault({ query }: { query: Query }): boolean {
  return query.length < 2;
}

describe('params that are none at all', () => {
  test('are tried on every query function', () => {
    expect(queries.length).toBeGreaterThan(60);
    expect(queries.filter((each) => !hasDefault(each)).length).toBeGreaterThan(50);
  });

  test.each(
    queries.flatMap((each) =>
      [null, 5, 'text', true, ...(hasDefault(each) ? [] : [undefined, {}])].map((params) => ({
        ...each,
        params,
      })),
    ),
  )('$name refuses $params before it touches the database', async ({ query, params }) => {
    // A function that is not asynchronous throws instead.
    const error = await rejection((async () => query(untouchable, params))());
    expect(error).toBeInstanceOf(InvalidInputError);
  });
});
