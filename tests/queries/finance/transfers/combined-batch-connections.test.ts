import { describe, expect, test } from 'vitest';
import type { TransferParams } from '../../../../src/queries/finance/index.ts';
import { startProxy } from '../../../setup/proxy.ts';
import { useTestDatabase } from '../../../setup/test-database.ts';
import { waitFor } from '../../../setup/wait-for.ts';
import { createHolder } from '../bundle.ts';
import { combine, connected, createHolders, move, posted, refuseEntriesOf } from './combining.ts';

const database = useTestDatabase({ max: 20 });

/** Sends a batch whose answer gets lost after it was posted; `then` is what the network does next. */
async function combineUnheard(
  transfers: readonly TransferParams[],
  landmark: string,
  then: (proxy: Awaited<ReturnType<typeof startProxy>>) => void | Promise<void>,
) {
  const proxy = await startProxy(database.url);
  try {
    return await connected({ url: proxy.url, max: 1 }, async (db) => {
      proxy.swallowAnswers();
      const answers = combine(db, transfers);
      await waitFor(
        'the batch is posted',
        async () => (await posted(database.db, landmark))[0] !== 0n,
      );
      await then(proxy);
      proxy.break();
      return await answers;
    });
  } finally {
    proxy.stop();
  }
}

describe('a batch, after a lost connection,', () => {
  test('says that nobody knows when it cannot ask again', async () => {
    const [payer = '', payee = ''] = await createHolders(database.db, 2);
    const funded = await createHolder(database.db, 10n);
    const transfers = [move(funded, payee, 1n, 'a'), move(payer, payee, 1n, 'b')];
    const codes = await combineUnheard(transfers, payee, (proxy) => proxy.refuse());
    expect(codes).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    // Under the same keys the outcomes are there.
    expect(await combine(database.db, transfers)).toEqual(['ok', 'INSUFFICIENT_FUNDS']);
    expect(await posted(database.db, funded, payee)).toEqual([9n, 1n]);
  });

  test('asks again, and gives the outcomes of what was posted', async () => {
    const [payer = '', payee = ''] = await createHolders(database.db, 2);
    const funded = await createHolder(database.db, 10n);
    const transfers = [move(funded, payee, 1n, 'a'), move(payer, payee, 1n, 'b')];
    const codes = await combineUnheard(transfers, payee, () => undefined);
    expect(codes).toEqual(['ok', 'INSUFFICIENT_FUNDS']);
    expect(await posted(database.db, funded, payee)).toEqual([9n, 1n]);
  });

  test('claims to know no more than before when asking again is refused', async () => {
    const [payer = '', good = '', bad = ''] = await createHolders(database.db, 3, 10n);
    await refuseEntriesOf(database.db, [bad]);
    const proxy = await startProxy(database.url);
    try {
      await connected({ url: proxy.url, max: 1 }, async (db) => {
        proxy.freeze();
        const codes = combine(db, [move(payer, good, 1n, 'a'), move(payer, bad, 1n, 'b')]);
        proxy.thaw();
        proxy.break();
        expect(await codes).toEqual(['ok', 'CONNECTION_LOST']);
      });
    } finally {
      proxy.stop();
    }
    expect(await posted(database.db, payer, good, bad)).toEqual([9n, 11n, 10n]);
  });
});
