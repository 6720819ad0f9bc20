import { expect, it, onTestFinished, vi } from 'vitest';
import type { TestProject } from 'vitest/node';
import setup from '../../src/testing/vitest-global-setup.ts';
import { queryOne } from '../setup/query.ts';

it('the global setup starts one server for all projects of a run, and stops it after the last', async () => {
  vi.stubEnv('TEST_DATABASE', 'embedded');
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    log.mockRestore();
  });
  const urls: string[] = [];
  const provide = (name: string, value: string) =>
    name === 'azoraTestServerUrl' && urls.push(value);
  const project = { provide, config: { root: '/' } } as unknown as TestProject;
  const [stopFirst, stopSecond] = await Promise.all([setup(project), setup(project)]);
  try {
    const [url = '', other] = urls;
    expect(other).toBe(url);
    expect(log.mock.calls).toEqual([[expect.stringMatching(/^PostgreSQL \d+\.\d+ embedded$/)]]);
    await stopFirst();
    expect(await queryOne(url, 'select 1 as one')).toEqual({ one: 1 });
  } finally {
    await stopSecond();
  }
  await expect(queryOne(urls[0] ?? '', 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
