// Holds docs/develop/dependencies.md to package.json, package-lock.json and what is installed, and these to what that page promises.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { runChecked } from '../support/run-checked.ts';
import { run } from '../support/run.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { codeSpans, readPage, ROOT, rowsOf } from './read-markdown.ts';

const names = z.optional(z.record(z.string(), z.string()));
const lockedPackage = z.looseObject({
  version: z.optional(z.string()),
  integrity: z.optional(z.string()),
  dev: z.optional(z.boolean()),
  optional: z.optional(z.boolean()),
  hasInstallScript: z.optional(z.boolean()),
  dependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  peerDependenciesMeta: z.optional(
    z.record(z.string(), z.looseObject({ optional: z.optional(z.boolean()) })),
  ),
});

const manifest = z.looseObject({
  license: z.optional(z.string()),
  scripts: names,
  dependencies: names,
  optionalDependencies: names,
  devDependencies: names,
});

const readJSON = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const own = manifest.parse(readJSON('package.json'));
const locked = new Map(
  Object.entries(
    z.object({ packages: z.record(z.string(), lockedPackage) }).parse(readJSON('package-lock.json'))
      .packages,
  ).filter(([path]) => path !== ''),
);
const page = readPage('docs/develop/dependencies.md');

/** Rows of a table of the page, by the package that each is about. */
function tableOf(section: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    rowsOf(page.sections.get(section)).map(([first = '', ...cells]) => [
      codeSpans(first)[0] ?? first,
      cells,
    ]),
  );
}

const PROGRAM = tableOf('Of the program');
const TOOLS = tableOf('Of development and tests');
const SCRIPTS = tableOf('Install scripts');

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13);

/** The package that a name means for another one: the nearest folder above that has it. */
function resolve(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const path = `${folder}/node_modules/${name}`;
    if (locked.has(path)) return path;
    if (!folder.includes('/node_modules/')) break;
  }
  return locked.has(`node_modules/${name}`) ? `node_modules/${name}` : undefined;
}

/** Everything that comes along with a package. */
function companionsOf(start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      locked.get(path) ?? {};
    const peers = Object.keys(peerDependencies ?? {}).filter(
      (name) => peerDependenciesMeta?.[name]?.optional !== true,
    );
    const wanted = [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
    for (const next of wanted.map((name) => resolve(path, name))) {
      if (next !== undefined && next !== start && !found.has(next)) {
        found.add(next);
        visit(next);
      }
    }
  };
  visit(start);
  return found;
}

/** The runtime that is installed here; the other one is the same for another machine. */
const RUNTIME = ['x64', 'arm64']
  .map((cpu) => `node_modules/node-linux-${cpu}`)
  .find((path) => existsSync(join(ROOT, path)));

const program = [...locked].filter(([, { dev }]) => dev !== true);

describe('docs/develop/dependencies.md', () => {
  it('has a row for every package of package.json, and no other', () => {
    const ours = { ...own.dependencies, ...own.optionalDependencies };
    expect([...PROGRAM.keys()].toSorted()).toEqual(Object.keys(ours).toSorted());
    expect([...TOOLS.keys()].toSorted()).toEqual(Object.keys(own.devDependencies ?? {}).toSorted());
  });

  it.each([...PROGRAM, ...TOOLS])(
    'says the truth about %s',
    (name, [why, rival, brings, licence]) => {
      const path = `node_modules/${name}`;
      expect(why).toMatch(/^.{8,}\.$/);
      expect(rival).toMatch(/^.{8,}\.$/);
      expect(Number(brings)).toBe(companionsOf(path).size);
      // Of the two runtimes one is installed, that of this machine.
      const source = existsSync(join(ROOT, path)) ? path : RUNTIME;
      expect(source === path || locked.get(path)?.optional).toBe(true);
      expect(licence).toBe(manifest.parse(readJSON(`${source}/package.json`)).license);
    },
  );

  it('names every package that has an install script', () => {
    const scripts = [...locked].filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(scripts.map(([path]) => nameOf(path)).toSorted()).toEqual(
      [...SCRIPTS.keys()].toSorted(),
    );
    for (const [name, [, owner = '']] of SCRIPTS) {
      const companions = companionsOf(`node_modules/${codeSpans(owner)[0] ?? ''}`);
      expect([...companions].map(nameOf)).toContain(name);
    }
  });
});

describe('the packages of the program', () => {
  const LICENCES = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];

  it('have licences that go together with Apache-2.0, and say so themselves', () => {
    expect(own.license).toBe('Apache-2.0');
    expect(program.length).toBeGreaterThan(20);
    const wrong = program
      .filter(([path]) => existsSync(join(ROOT, path)))
      .map(([path]) => [path, manifest.parse(readJSON(`${path}/package.json`)).license] as const)
      .filter(([, licence]) => licence === undefined || !LICENCES.includes(licence));
    expect(wrong).toEqual([]);
  });

  it('have no install script and no native code to build', () => {
    const HOOKS = ['preinstall', 'install', 'postinstall'];
    for (const [path, { hasInstallScript }] of program) {
      expect({ path, hasInstallScript }).toEqual({ path, hasInstallScript: undefined });
      if (!existsSync(join(ROOT, path))) continue;
      const { scripts } = manifest.parse(readJSON(`${path}/package.json`));
      const hooks = HOOKS.filter((name) => Object.hasOwn(scripts ?? {}, name));
      expect({ path, hooks }).toEqual({ path, hooks: [] });
      expect(existsSync(join(ROOT, path, 'binding.gyp')), `${path} is JavaScript`).toBe(false);
    }
  });

  it('are the ones that were locked', () => {
    for (const [path, { version, integrity }] of program) {
      expect({ path, hash: isHash(integrity) }).toEqual({ path, hash: true });
      if (!existsSync(join(ROOT, path))) continue;
      const installed = z.looseObject({ version: z.string() });
      expect(installed.parse(readJSON(`${path}/package.json`)).version).toBe(version);
    }
  });
});

it('package.json names exact versions', () => {
  const all = { ...own.dependencies, ...own.optionalDependencies, ...own.devDependencies };
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(loose).toEqual([]);
});

it('package-lock.json has the hash of every package', () => {
  const bare = [...locked].filter(([, { integrity }]) => !isHash(integrity));
  expect(bare.map(([path]) => path)).toEqual([]);
});

it('packages are installed without running their scripts', () => {
  const bootstrap = readFileSync(join(ROOT, 'packaging/bootstrap.sh'), 'utf8');
  const installs = bootstrap.split('\n').filter((line) => /\bnpm (?:ci|install)\b/.test(line));
  expect(installs.length).toBeGreaterThan(0);
  for (const line of installs) expect(line).toMatch(/^#|\bnpm ci --ignore-scripts\b/);
});

describe('the commands that check the runtime against the archives of the Node.js project', () => {
  const ARCHIVES = ['node-v1.2.3-linux-x64', 'node-v1.2.3-linux-arm64'];
  const check = page.blocks.find(({ text }) => text.includes('SHASUMS256.txt'))?.text ?? 'false';

  it.each([
    { what: 'pass when all sums are right', archive: true, binary: true },
    { what: 'fail when an archive is another one', archive: false, binary: true },
    { what: 'fail when the binary is another one', archive: true, binary: false },
  ])('$what', async ({ archive, binary }) => {
    await using folder = await createTemporaryFolder('runtime');
    const inside = (path: string): string => join(folder.path, path);
    const sha256 = (bytes: Uint8Array | string): string =>
      createHash('sha256').update(bytes).digest('hex');
    const wrong = '0'.repeat(64);
    const sums = [`${wrong}  node-v1.2.3.pkg`];
    const runtime: string[] = [];
    for (const name of ARCHIVES) {
      await mkdir(inside(`${name}/bin`), { recursive: true });
      await writeFile(inside(`${name}/bin/node`), name);
      await runChecked('tar', ['-C', folder.path, '-czf', inside(`${name}.tar.gz`), name]);
      await runChecked('rm', ['-r', inside(name)]);
      const bytes = readFileSync(inside(`${name}.tar.gz`));
      sums.push(`${archive ? sha256(bytes) : wrong}  ${name}.tar.gz`);
      runtime.push(`${binary ? sha256(name) : wrong}  ${name}/bin/node`);
    }
    await mkdir(inside('pgtoken/packaging'), { recursive: true });
    await writeFile(inside('SHASUMS256.txt'), `${sums.join('\n')}\n`);
    await writeFile(inside('pgtoken/packaging/runtime.sha256'), `${runtime.join('\n')}\n`);
    const { status } = await run('sh', ['-euc', check], { cwd: folder.path });
    expect(status).toBe(archive && binary ? 0 : 1);
  });
});

function isHash(integrity: string | undefined): boolean {
  return /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '');
}
