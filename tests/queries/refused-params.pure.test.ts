import { describe, expect, test } from 'vitest';
import type { Db } from '../../src/db/session.ts';
import { AzoraDbError } from '../../src/errors.ts';
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

/** The first parameter that each needs; most are about a user. */
const firstFields: Record<string, string> = {
  closeJob: 'jobId',
  createCourse: 'instructorId',
  createJob: 'title',
  getCourseStats: 'courseId',
  listAtRiskLearners: 'courseId',
  listCourseProgress: 'courseId',
  listJobApplications: 'jobId',
  matchCandidates: 'jobId',
  moveEnrollments: 'courseId',
  postTransfers: 'transfers',
  publishCourse: 'courseId',
  recordProgress: 'events',
  reviseCourse: 'courseId',
  setJobSkills: 'jobId',
  transfer: 'from',
  updateJob: 'jobId',
};

/** Those that take a wallet itself say all the forms that it may have. */
const takeWallet = new Set(['getBalanceAt', 'getWallet', 'listStatement']);
const walletRule = 'must be { userId, currency }, { system, currency } or { address }';

describe('params that are none at all', () => {
  test('are tried on every query function', () => {
    expect(queries.length).toBeGreaterThan(60);
    expect(queries.filter((each) => !hasDefault(each)).length).toBeGreaterThan(50);
    const names = queries.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...Object.keys(firstFields), ...takeWallet]));
  });

  /** A function that is not asynchronous throws instead. */
  const refusal = (query: Query, params: unknown) =>
    rejection((async () => query(untouchable, params))());

  test.each(
    queries.flatMap((each) =>
      [new Date(), new Map(), new Set(), []].map((params) => ({ ...each, params })),
    ),
  )('$name refuses an object of another kind, $params', async ({ name, query, params }) => {
    expect(await refusal(query, params), name).toMatchObject({ name: 'InvalidInputError' });
  });

  test.each(queries.filter((each) => !hasDefault(each)))(
    '$name names the parameter that throws when it is read',
    async ({ name, query }) => {
      const field = takeWallet.has(name) ? 'userId' : (firstFields[name] ?? 'userId');
      const params = Object.defineProperty({}, field, {
        enumerable: true,
        get: () => {
          throw new Error('secret');
        },
      });
      const refused = { name: 'InvalidInputError', field, rule: 'throws when it is read' };
      expect(await refusal(query, params)).toMatchObject(refused);
      const unreadable = new Proxy({}, { ownKeys: Object.keys.bind(null, null as never) });
      expect(await refusal(query, unreadable)).toMatchObject({ name: 'InvalidInputError' });
    },
  );

  test.each(
    queries.flatMap((each) => [null, 5, 'text', true].map((params) => ({ ...each, params }))),
  )('$name refuses $params before it touches the database', async ({ name, query, params }) => {
    const rule = takeWallet.has(name) ? walletRule : 'must be an object';
    const refused = { name: 'InvalidInputError', field: '', rule };
    expect(await refusal(query, params)).toMatchObject(refused);
  });

  test.each(
    queries
      .filter((each) => !hasDefault(each))
      .flatMap((each) => [
        { ...each, params: undefined, field: '' },
        { ...each, params: {}, field: firstFields[each.name] ?? 'userId' },
      ]),
  )('$name refuses $params for want of "$field"', async ({ query, params, field }) => {
    const refused = { name: 'InvalidInputError', field, rule: 'is required' };
    expect(await refusal(query, params)).toMatchObject(refused);
  });
});
