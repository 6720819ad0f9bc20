import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { useTemporaryFolder } from './setup/temporary-folder.ts';

const folder = useTemporaryFolder();
const config = join(import.meta.dirname, '..', 'vitest.config.ts');

/** The environment that the configuration leaves behind in a folder with this `.env`. */
async function environmentWith(file: string, env: Record<string, string>) {
  await writeFile(join(folder.path, '.env'), file);
  const show = `import(${JSON.stringify(config)}).then(() => console.log(JSON.stringify(process.env)))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', show], {
    cwd: folder.path,
    env,
  });
  return JSON.parse(stdout) as Record<string, string>;
}

describe('vitest.config.ts', () => {
  test('takes the TEST_ variables of .env, and of its others none', async () => {
    const found = await environmentWith(
      'TEST_DATABASE=embedded\nTEST_POSTGRES=15\nDATABASE_URL=postgres://127.0.0.1/precious\n',
      {},
    );
    expect(found).toMatchObject({ TEST_DATABASE: 'embedded', TEST_POSTGRES: '15' });
    expect(found).not.toHaveProperty('DATABASE_URL');
  });

  test('lets the environment win, also where it says nothing on purpose', async () => {
    const found = await environmentWith('TEST_DATABASE=embedded\nTEST_POSTGRES=15\n', {
      TEST_DATABASE: 'testcontainers',
      TEST_POSTGRES: '',
    });
    expect(found).toMatchObject({ TEST_DATABASE: 'testcontainers', TEST_POSTGRES: '' });
  });
});
