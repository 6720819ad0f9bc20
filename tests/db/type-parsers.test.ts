import { describe, expect, test } from 'vitest';
import { statement } from '../../src/db/statement.ts';
import { useOpen } from '../setup/open.ts';
import { useScratchDatabase } from '../setup/scratch-database.ts';

const database = useScratchDatabase('');
const open = useOpen(database);

const selectInstant = statement<{ at: Date | number }>('instant', 'select $1::timestamptz as at');

describe('a timestamptz', () => {
  test.each([
    ['2026-11-22 12:00:00.123456+00', '2026-11-22T12:00:00.123Z'],
    ['2026-11-22 12:00:00.5+00', '2026-11-22T12:00:00.500Z'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
    ['0099-01-01 00:00:00+00', '0099-01-01T00:00:00.000Z'],
    ['20000-01-01 00:00:00+00', '+020000-01-01T00:00:00.000Z'],
  ])('is the same Date in any time zone: %s', async (text, iso) => {
    for (const zone of ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Africa/Monrovia']) {
      const url = new URL(database.url);
      url.searchParams.set('options', `-c TimeZone=${zone}`);
      const db = await open({ url: url.href });
      expect(await selectInstant(db, [text])).toEqual([{ at: new Date(iso) }]);
    }
  });

  test('may be no date of the calendar', async () => {
    expect(await selectInstant(database.db, ['infinity'])).toEqual([{ at: Infinity }]);
    expect(await selectInstant(database.db, ['-infinity'])).toEqual([{ at: -Infinity }]);
  });
});
