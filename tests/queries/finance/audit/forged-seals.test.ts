import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  deposit,
  type SealHead,
  sealEntries,
  verifySeals,
} from '../../../../src/queries/finance/index.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { createHolder, refusalOf, SOUND } from '../bundle.ts';
import { plant } from './planting.ts';

const database = useTestDatabase();
let alice: string;
let head: SealHead;

beforeEach(async () => {
  alice = await createHolder(database.db, 100n);
  // So that there is an older seal.
  await sealEntries(database.db);
  await createHolder(database.db, 1n);
  const sealed = await sealEntries(database.db);
  if (sealed.head === null) throw new Error('nothing is sealed');
  head = sealed.head;
  // Entries that are not sealed yet.
  await createHolder(database.db, 1n);
});

/** Posts as many entries in a wallet. */
async function send(db: typeof database.db, userId: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await deposit(db, { userId, currency: 'ZAR', amount: 1n, idempotencyKey: randomUUID() });
  }
}

const forgedSeal = (number: bigint) =>
  `insert into finance.seals (number, previous_hash, hash, range_count)
   values (${number}, sha256('x'), sha256('y'), 1)`;
const forgedRange = (seal: bigint, { first = 2, last = 2, place = 9_000 } = {}) =>
  `insert into finance.sealed_ranges
     (user_id, currency, first_version, last_version, seal_number, place, digests, hash)
   values ('${alice}', 'ZAR', ${first}, ${last}, ${seal}, ${place},
     substring(sha256('z') for 8), sha256('z'))`;

/** The operator's way, as the guide has it. */
async function removeForged(from: bigint): Promise<void> {
  const guide = await readFile(new URL('../../../../docs/backup.md', import.meta.url), 'utf8');
  const [, block = ''] = /### Forged seals.*?^```sql\n(.*?)^```$/ms.exec(guide) ?? [];
  await database.db.$client.query(block.replaceAll(':first_forged', String(from)));
}

/** Removes what was forged, and sees an honest chain go on from the kept head. */
async function expectHealed(from = head.number + 1n): Promise<void> {
  await removeForged(from);
  expect(await verifySeals(database.db, { head })).toEqual({ ...SOUND, seals: head.number });
  const { sealed } = await sealEntries(database.db);
  expect(sealed).toBeGreaterThan(0n);
  expect(await verifySeals(database.db, { head })).toMatchObject(SOUND);
  expect(await refusalOf(database.db, 'delete from finance.seals')).toMatchObject({
    code: '23001',
  });
}

describe('a seal that nothing was sealed by', () => {
  test.each([
    ['the next number', () => forgedSeal(head.number + 1n), 'seals_of_ranges_check'],
    ['a number far away', () => forgedSeal(head.number + 999n), 'seals_of_ranges_check'],
    ['a range of an old seal', () => forgedRange(head.number), 'sealed_ranges_of_next_seal_check'],
    [
      'a range of a later seal',
      () => forgedRange(head.number + 9n),
      'sealed_ranges_of_next_seal_check',
    ],
    [
      'a range of no entries',
      () => forgedRange(head.number + 1n),
      'sealed_ranges_of_entries_check',
    ],
    [
      'a range that is sealed already',
      () => forgedRange(head.number + 1n, { first: 1, last: 1 }),
      'sealed_ranges_chain_check',
    ],
  ])('is refused: %s', async (_what, statement, constraint) => {
    expect(await refusalOf(database.db, statement())).toMatchObject({ code: '23514', constraint });
  });

  test('is refused with ranges of its own, unless all of it is right', async () => {
    const number = head.number + 1n;
    const ranges = `insert into finance.sealed_ranges
        (user_id, currency, first_version, last_version, seal_number)
      select user_id, currency, last_version + 1, last_version + 1, ${number}
      from (
        select user_id, currency, max(last_version) as last_version
        from finance.sealed_ranges group by 1, 2
      ) as sealed
      where exists (
        select from finance.entries
        where entries.user_id = sealed.user_id and entries.currency = sealed.currency
          and version = last_version + 1
      )`;
    const deferred = 'set constraints finance.sealed_ranges_seal_number_fkey deferred';
    expect(
      await refusalOf(database.db, `${deferred}; ${ranges}; ${forgedSeal(number)}`),
    ).toMatchObject({ constraint: 'seals_chain_check' });
    await database.db.$client.query(
      `begin; ${deferred}; ${ranges}; insert into finance.seals (number) values (${number}); commit`,
    );
    expect(await verifySeals(database.db, { head })).toEqual({ ...SOUND, seals: number });
  });

  test('is named where the triggers were off, and can be removed', async () => {
    const number = head.number + 1n;
    await plant(
      database.db,
      forgedSeal(number),
      forgedSeal(number + 1n),
      forgedSeal(number + 998n),
      forgedRange(number + 998n),
    );
    const kinds = async () =>
      (await verifySeals(database.db, { head })).findings.map(({ kind, keys }) => [
        kind,
        keys.number,
      ]);
    expect(await kinds()).toEqual([
      ['ALTERED_SEAL', `${number}`],
      ['ALTERED_SEAL', `${number + 1n}`],
      ['UNCHAINED_SEAL', `${number + 998n}`],
      ['FORGED_RANGE', `${number + 998n}`],
    ]);
    await expect(sealEntries(database.db)).rejects.toMatchObject({
      constraint: 'seals_after_sound_check',
    });
    await expectHealed();
  });

  test('is named when it is a range added to an honest seal, and removing it keeps that', async () => {
    await plant(database.db, forgedRange(head.number));
    const { findings, seals } = await verifySeals(database.db, { head });
    expect(seals).toBe(head.number - 1n);
    expect(findings).toEqual([
      {
        kind: 'FORGED_RANGE',
        keys: {
          number: `${head.number}`,
          place: '9000',
          userId: alice,
          currency: 'ZAR',
          version: '2',
        },
        field: null,
        expected: null,
        actual: null,
      },
    ]);
    await expectHealed();
  });

  test.each([
    ['an older seal', -1n, 'sealed_ranges_after_sound_check'],
    ['the next seal', 1n, 'seals_after_sound_check'],
    ['a later seal', 7n, 'seals_after_sound_check'],
  ])('stops the sealing of what follows a range added to %s', async (_what, offset, constraint) => {
    const seal = head.number + offset;
    await plant(database.db, forgedRange(seal, { place: offset > 0n ? 1 : 9_000 }));
    await send(database.db, alice, 2);
    await expect(sealEntries(database.db)).rejects.toMatchObject({ constraint });
    const { findings } = await verifySeals(database.db, { head });
    expect(findings).toMatchObject([{ kind: 'FORGED_RANGE', keys: { number: `${seal}` } }]);
    await expectHealed();
  });
});
