import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { createTestDatabase } from '../../src/testing/index.ts';
import { testServerUrl } from '../setup/test-database.ts';

vi.setConfig({ testTimeout: 240_000 });

const MEBIBYTE = 1024 ** 2;
const LIMIT = 512 * MEBIBYTE;
/** With room, V8 lets garbage lie, and more of it in a longer run; that is not what is measured. */
const HEAP_MEBIBYTES = 64;
/** Two runs at one scale differ by less than 1 MiB; rows kept for 2,100 users would be over 20. */
const MARGIN = 16 * MEBIBYTE;

const at = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
const script = `
  import { seedLarge } from ${at('seeds/large/index.ts')};
  import { connect } from ${at('src/db/connect.ts')};
  const db = await connect({ max: 1 });
  const counts = await seedLarge(db, { scale: Number(process.env.SCALE), seed: 1 });
  await db.close();
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ users: counts['identity.users'], peak }));
`;

/** Seeds in a process of its own, and says how much memory that had at most. */
async function seedApart(scale: number): Promise<{ users: number; peak: number }> {
  const { url, drop } = await createTestDatabase({ serverUrl: testServerUrl() });
  // Nor the cache of compiled modules, which is memory as well.
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    NODE_COMPILE_CACHE: '',
    DATABASE_URL: url,
    SCALE: String(scale),
  };
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [`--max-old-space-size=${HEAP_MEBIBYTES}`, '--input-type=module', '--eval', script],
      { env },
    );
    return JSON.parse(stdout);
  } finally {
    await drop();
  }
}

it('seedLarge takes no more memory for eight times the users', async () => {
  const small = await seedApart(300);
  // Garbage makes a peak higher at times, never lower: what is needed shows every time.
  const runs = [await seedApart(2_400), await seedApart(2_400)];
  const [large] = runs.sort((a, b) => a.peak - b.peak) as [(typeof runs)[0], unknown];
  expect({ small: small.users, large: large.users }).toEqual({ small: 300, large: 2_400 });
  expect(large.peak - small.peak).toBeLessThan(MARGIN);
  expect(large.peak).toBeLessThan(LIMIT);
});
