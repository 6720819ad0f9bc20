import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { appendFile, chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { majorOf, makeParent, type Place } from './data-dir.ts';
import { brokenFile, EmbeddedError } from './errors.ts';
import { LETTERS } from './letters.ts';
import { run } from './run.ts';
import { publish, removeAbandoned, scratchPath } from './scratch.ts';
import { LOCAL_ONLY, type PostgresSettings, toConfigFile } from './settings.ts';

/** The superuser of every cluster made here. */
export const SUPERUSER = 'postgres';

const SECRET_FILE = 'azora-db.json';
const CONFIG_FILE = 'azora-db.conf';

/**
 * What has to be remembered between two starts of a kept server, in a file only its owner can read.
 */
export interface ClusterSecret {
  password: string;
  port: number;
}

interface CreateParams {
  binaries: Binaries;
  place: Place;
  major: number;
  port: number;
  durable: boolean;
}

/**
 * Makes the data folder, unless it is there: initdb with a random password, scram, UTF8, one
 * collation on every machine. It is built aside and renamed, so that an initdb that died half-way
 * leaves nothing in the way, and of processes that make it at the same time all use the same one.
 */
export async function ensureCluster(params: CreateParams): Promise<void> {
  const { place } = params;
  if (readSecret(place.dataDir)) return;
  refuseForeignFolder(place.dataDir);
  await makeParent(place);
  await removeAbandoned(place.dataDir);
  const scratch = scratchPath(place.dataDir);
  await mkdir(scratch, { mode: 0o700 });
  await giveTo(place.account, scratch);
  try {
    const built = join(scratch, 'data');
    await initialise(params, scratch, built);
    await publish(built, place.dataDir);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The password and port of the cluster in this folder; null if there is no cluster made by us.
 *
 * @throws EmbeddedError `EMBEDDED_FOREIGN_DATA_DIR` for a broken file
 */
export function readSecret(dataDir: string): ClusterSecret | null {
  const path = join(dataDir, SECRET_FILE);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) throw brokenFile(path, 'the password of the server');
    throw error;
  }
}

/** Replaces the file at once, never leaving half of it. */
export async function writeSecret(
  dataDir: string,
  secret: ClusterSecret,
  account: Account,
): Promise<void> {
  await replaceFile(join(dataDir, SECRET_FILE), JSON.stringify(secret), account);
}

/** Sets what the server reads at its next start, besides its port. */
export async function writeSettings(
  dataDir: string,
  settings: PostgresSettings,
  account: Account,
): Promise<void> {
  const text = toConfigFile({ ...LOCAL_ONLY, ...settings });
  await replaceFile(join(dataDir, CONFIG_FILE), text, account);
}

async function initialise(params: CreateParams, scratch: string, built: string): Promise<void> {
  const { account } = params.place;
  const password = randomBytes(24).toString('hex');
  const passwordFile = join(scratch, 'password');
  await replaceFile(passwordFile, password, account);
  const args = [
    `--pgdata=${built}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--lc-messages=C',
    ...(params.durable ? [] : ['--no-sync']),
  ];
  await runInitdb(params, built, args);
  const include = `\ninclude_if_exists = '${CONFIG_FILE}'\n`;
  await appendFile(join(built, 'postgresql.conf'), include);
  await writeSecret(built, { password, port: params.port }, account);
}

/**
 * PostgreSQL 17 and later bring C.UTF-8 themselves, but contrib code asks the operating system what
 * a letter is. Older ones take both from there; where it has no C.UTF-8, C sorts the same way.
 * Where it has nothing, letters are those of ASCII.
 */
async function runInitdb(params: CreateParams, built: string, args: string[]): Promise<void> {
  const plain =
    params.major >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C'];
  const whole = params.major >= 17 ? [] : [['--locale=C.UTF-8']];
  const locales = [...whole, ...LETTERS.map((name) => [...plain, `--lc-ctype=${name}`]), plain];
  let output = '';
  for (const locale of locales) {
    await rm(built, { recursive: true, force: true });
    const result = await run(params.binaries.initdb, [...args, ...locale], params.place.account);
    if (result.status === 0) return;
    output = result.output;
  }
  throw new EmbeddedError('EMBEDDED_INIT_FAILED', `initdb failed in ${built}:\n${output}`);
}

/** Never touches what we did not make: another program's cluster, or somebody's files. */
function refuseForeignFolder(dataDir: string): void {
  if (!existsSync(dataDir) || readdirSync(dataDir).length === 0) return;
  const what = majorOf(dataDir) === null ? 'holds other files' : 'is another PostgreSQL cluster';
  throw new EmbeddedError(
    'EMBEDDED_FOREIGN_DATA_DIR',
    `${dataDir} ${what}. Name a folder that is empty or does not exist.`,
  );
}

async function replaceFile(path: string, text: string, account: Account): Promise<void> {
  const scratch = scratchPath(path);
  await writeFile(scratch, text, { mode: 0o600, flush: true });
  await chmod(scratch, 0o600);
  await giveTo(account, scratch);
  await rename(scratch, path);
}

async function giveTo({ uid, gid }: Account, path: string): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}
