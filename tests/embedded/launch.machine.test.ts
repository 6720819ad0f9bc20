import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findBinaries } from '../../src/embedded/binaries.ts';
import { writeSettings } from '../../src/embedded/cluster.ts';
import { DEFAULT_MAJOR, locateDataDir } from '../../src/embedded/data-dir.ts';
import { launch } from '../../src/embedded/launch.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { useMadeData } from './made-data.ts';

const folder = useTemporaryFolder();
const copyMadeData = useMadeData();

it('launch tries again ever later, and then says what the server said', async () => {
  const dataDir = join(folder.path, 'project', 'data');
  await copyMadeData(dataDir);
  const place = locateDataDir(dataDir);
  await writeSettings(dataDir, { no_such_setting: 1 }, place.account);
  const binaries = await findBinaries(DEFAULT_MAJOR, place.account);
  const pauses: number[] = [];
  const launching = launch(binaries, place, undefined, async (milliseconds) => {
    pauses.push(milliseconds);
  });
  await expect(launching).rejects.toMatchObject({
    code: 'EMBEDDED_START_FAILED',
    message: expect.stringContaining('no_such_setting'),
  });
  expect(pauses).toEqual([200, 400, 800, 1_600]);
});
