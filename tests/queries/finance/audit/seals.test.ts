import { beforeAll, describe, expect, test } from 'vitest';
import {
  type SealHead,
  sealEntries,
  transfer,
  verifySeals,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import { plant } from './planting.ts';

const database = useTestDatabase();
const zar = (userId: string) => ({ userId, currency: 'ZAR' });
let alice: string;
let head: SealHead | null;

/** Plants a change, looks, and takes the change back. */
async function verdictAfter(change: string, undo: string) {
  await plant(database.db, change);
  const verdict = await verifySeals(database.db, head === null ? {} : { head });
  await plant(database.db, undo);
  expect(await verifySeals(database.db)).toMatchObject(SOUND);
  return verdict;
}

async function send(times: number, label: string): Promise<void> {
  const bob = await createHolder(database.db);
  for (let i = 0; i < times; i += 1) {
    const request = { from: zar(alice), to: zar(bob), amount: 1n, idempotencyKey: `${label}${i}` };
    await transfer(database.db, request);
  }
}

beforeAll(async () => {
  alice = await createHolder(database.db, 1_000n);
  await send(12, 'a');
  await sealEntries(database.db, { walletsPerSeal: 3, entriesPerRange: 5 });
  await send(7, 'b');
  ({ head } = await sealEntries(database.db, { walletsPerSeal: 3, entriesPerRange: 5 }));
});

describe('sealEntries', () => {
  test('seals every entry once, and nothing is left', async () => {
    const { db } = database;
    const { rows } = await db.$client.query(`
      select (select count(*) from finance.entries)::integer as entries,
        (select sum(last_version - first_version + 1) from finance.sealed_ranges)::integer as sealed`);
    expect(rows[0].sealed).toBe(rows[0].entries);
    expect(await sealEntries(db)).toEqual({ sealed: 0n, head });
    expect(head?.number).toBeGreaterThan(2n);
  });

  test('writes what nobody can change', async () => {
    for (const text of [
      'update finance.seals set range_count = 1',
      'delete from finance.sealed_ranges',
    ]) {
      expect(await refusalOf(database.db, text)).toMatchObject({ code: '23001' });
    }
  });
});

describe('verifySeals', () => {
  test('finds an intact ledger intact', async () => {
    const verdict = await verifySeals(database.db, head === null ? {} : { head });
    expect(verdict).toEqual({ ...SOUND, seals: head?.number });
  });

  test('names the first altered entry', async () => {
    const set = (sign: string) =>
      `update finance.entries set amount = amount ${sign} 5 where user_id = '${alice}' and version in (7, 9)`;
    expect(await verdictAfter(set('+'), set('-'))).toMatchObject({
      clean: false,
      findings: [{ kind: 'ALTERED_ENTRY', keys: { ...zar(alice), version: '7' } }],
    });
  });

  test('names the entry of an altered transaction', async () => {
    const where = `where (user_id, id) = (select transaction_user_id, transaction_id
      from finance.entries where user_id = '${alice}' and version = 4)`;
    const verdict = await verdictAfter(
      `update finance.transactions set description = 'other' ${where}`,
      `update finance.transactions set description = null ${where}`,
    );
    expect(verdict).toMatchObject({ clean: false, findings: [{ kind: 'ALTERED_ENTRY' }] });
    // The transaction has a leg in each of two wallets, and either may come first.
    expect(verdict.findings[0]?.keys.version).toMatch(/^[34]$/);
  });

  test('names an entry that was taken away', async () => {
    const where = `where user_id = '${alice}' and version`;
    expect(
      await verdictAfter(
        `update finance.entries set version = 500 ${where} = 11`,
        `update finance.entries set version = 11 ${where} = 500`,
      ),
    ).toMatchObject({
      clean: false,
      findings: [{ kind: 'ALTERED_ENTRY', keys: { ...zar(alice), version: '11' } }],
    });
  });

  test('finds a range or a seal that was altered, and a chain that was cut', async () => {
    const range = (value: string) =>
      `update finance.sealed_ranges set hash = ${value} where user_id = '${alice}' and last_version = 5`;
    const { rows } = await database.db.$client.query(
      `select encode(hash, 'hex') as hash from finance.sealed_ranges where user_id = $1 and last_version = 5`,
      [alice],
    );
    expect(
      await verdictAfter(range(`sha256('x')`), range(`decode('${rows[0].hash}', 'hex')`)),
    ).toMatchObject({
      clean: false,
      findings: [{ kind: 'ALTERED_ENTRY', keys: { ...zar(alice), version: '1' } }],
    });
    const hash = '0'.repeat(64);
    const number = (head?.number ?? 0n) + 1n;
    const finding = { field: null, expected: hash, actual: null };
    expect(await verifySeals(database.db, { head: { number, hash } })).toEqual({
      clean: false,
      findings: [{ kind: 'MISSING_SEAL', keys: { number: `${number}` }, ...finding }],
      seals: head?.number,
    });
    expect(await verifySeals(database.db, { head: { number: 1n, hash } })).toMatchObject({
      clean: false,
      findings: [{ kind: 'ALTERED_SEAL', keys: { number: '1' }, field: 'hash', expected: hash }],
      seals: 0n,
    });
  });

  test.each([
    ['previous_hash', `previous_hash = sha256('x')`],
    ['hash', `hash = sha256('x')`],
    ['range_count', 'range_count = range_count + 1'],
  ])('names the seal whose %s was altered', async (field, change) => {
    const { rows } = await database.db.$client.query(
      `select encode(previous_hash, 'hex') as previous, encode(hash, 'hex') as hash, range_count
       from finance.seals where number = 2`,
    );
    const { previous, hash, range_count: ranges } = rows[0];
    const verdict = await verdictAfter(
      `update finance.seals set ${change} where number = 2`,
      `update finance.seals set previous_hash = decode('${previous}', 'hex'),
         hash = decode('${hash}', 'hex'), range_count = ${ranges} where number = 2`,
    );
    expect(verdict).toEqual({
      clean: false,
      findings: [
        { kind: 'ALTERED_SEAL', keys: { number: '2' }, field, expected: null, actual: null },
      ],
      seals: 1n,
    });
  });
});
