import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { withDatabase } from '../../src/testing/admin.ts';
import { dropLeftovers } from '../../src/testing/index.ts';
import { isDeadClone, newCloneName } from '../../src/testing/names.ts';
import { testServerUrl } from '../setup/test-database.ts';
import { listDatabases, runAdmin } from './admin.ts';

/** The id of a process that has just ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

const withPid = (name: string, pid: number) => name.replace(`_${process.pid}_`, `_${pid}_`);

describe('isDeadClone', () => {
  it('asks whether the process that made it lives, on this machine', async () => {
    const mine = newCloneName();
    expect(isDeadClone(mine)).toBe(false);
    expect(isDeadClone(withPid(mine, await deadPid()))).toBe(true);
  });

  it('goes by its age when another machine made it', () => {
    const foreign = newCloneName().replace(/^azora_test_[0-9a-f]{8}/, 'azora_test_00000000');
    const hour = 3_600_000;
    expect(isDeadClone(foreign, Date.now() + 5 * hour)).toBe(false);
    expect(isDeadClone(foreign, Date.now() + 7 * hour)).toBe(true);
  });

  it('leaves alone what it does not know', () => {
    for (const name of ['azora', 'azora_test_mine', 'postgres']) {
      expect(isDeadClone(name)).toBe(false);
    }
  });
});

describe('dropLeftovers', () => {
  it('drops what dead runs left, and nothing that is somebody else’s or in use', async () => {
    const pid = await deadPid();
    const left = withPid(newCloneName(), pid);
    const used = withPid(newCloneName(), pid);
    const mine = newCloneName();
    const foreign = 'azora_test_of_a_person';
    const all = [left, used, mine, foreign];
    for (const name of all) await runAdmin(`create database ${name}`);
    const user = new pg.Client({ connectionString: withDatabase(testServerUrl(), used) });
    await user.connect();
    try {
      const dropped = await dropLeftovers(testServerUrl());
      expect(dropped.filter((name) => all.includes(name))).toEqual([left]);
      expect(await listDatabases(left)).toEqual([]);
      for (const name of [used, mine, foreign]) expect(await listDatabases(name)).toHaveLength(1);
    } finally {
      await user.end();
      for (const name of all) await runAdmin(`drop database if exists ${name} with (force)`);
    }
  });
});
