import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { declareForBoth } from './declare-for-both.ts';

// `npm run build`: dist/, which the package runs. What nearly every service loads is in two files,
// because Node.js takes longer to find 300 modules than to run them.

interface Manifest {
  bin: { 'azora-db': string };
  exports: Record<string, { '@azora/source': string; default: string }>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const root = dirname(import.meta.dirname);
const out = join(root, 'dist');
const declarations = join(out, 'declarations');
const manifest = readJson<Manifest>(join(root, 'package.json'));

// Output -> source, from dist/ and from the root, without their endings.
const exported = Object.values(manifest.exports).map(
  (entry) => [stem(entry.default, './dist/'), stem(entry['@azora/source'], './')] as const,
);
const entries = [
  ...exported,
  ['cli/main', 'src/cli/main'],
  ['embedded/watchdog', 'src/embedded/watchdog'],
] as const;

// What is installed with the package. Other libraries become part of it: zod, for the time that it
// takes to load whole, and what only the command needs, so that no service installs it.
const installed = [manifest.dependencies, manifest.peerDependencies].flatMap(Object.keys);
const licences = new Map<string, string>();

rmSync(out, { recursive: true, force: true });
await bundleCode();
await bundleDeclarations();
writeLicences();

async function bundleCode(): Promise<void> {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map(([to, from]) => [to, `./${from}.ts`])),
    platform: 'node',
    external: isInstalled,
    plugins: [{ name: 'licences', moduleParsed: ({ id }) => noteLicence(id) }],
    transform: { target: 'es2023' },
    resolve: { conditionNames: ['@azora/source', 'import', 'node'] },
  });
  const core =
    /\/src\/(db|doctor|esco|input|queries)\/(?!verify-schema)|\/src\/[^/]+$|\/node_modules\/zod\//;
  await bundle.write({
    dir: out,
    sourcemap: true,
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: {
      groups: [
        // It has to run before the tables: a file's imports run before what is in it.
        { name: 'mark-guarded', test: /\/src\/drizzle-config\/mark-guarded/ },
        { name: 'schema', test: /\/src\/schema\// },
        { name: 'core', test: core },
      ],
    },
  });
  chmodSync(join(root, manifest.bin['azora-db']), 0o755);
}

/** Only of what callers can name: the rest would need the types of libraries that are not installed. */
async function bundleDeclarations(): Promise<void> {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  execFileSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  declareForBoth(declarations);
  const bundle = await rolldown({
    cwd: declarations,
    input: Object.fromEntries(exported.map(([to, from]) => [to, `./${from}.d.ts`])),
    external: (id) => !/^[./]/.test(id),
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  const { output } = await bundle.write({ dir: out, chunkFileNames: 'chunks/[name]-[hash].d.ts' });
  for (const file of output) {
    const text = file.type === 'chunk' ? file.code : '';
    const names = [...text.matchAll(/from ['"]([^.'"][^'"]*)['"]/g)].map(([, name]) => name ?? '');
    const missing = names.find((name) => !name.startsWith('node:') && !isInstalled(name));
    if (missing)
      throw new Error(`${file.fileName} names types of ${missing}, which is not installed`);
  }
  rmSync(declarations, { recursive: true });
}

function noteLicence(id: string): void {
  const [, folder, name] = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(id) ?? [];
  if (!folder || !name || licences.has(name)) return;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  const { version } = readJson<{ version: string }>(join(folder, 'package.json'));
  licences.set(name, `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`);
}

function writeLicences(): void {
  const texts = [...licences].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const head = 'Parts of these libraries are in the files beside this one.\n';
  writeFileSync(join(out, 'LICENSES.txt'), [head, ...texts].join(`\n${'-'.repeat(72)}\n\n`));
}

function isInstalled(id: string): boolean {
  return installed.some((name) => id === name || id.startsWith(`${name}/`));
}

function stem(path: string, folder: string): string {
  return path.replace(folder, '').replace(/\.[jt]s$/, '');
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
