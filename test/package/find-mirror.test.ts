// The mirror of Debian's archive comes from the machine's apt, and no host of a registry stands in the sources.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { ROOT } from '../docs/read-markdown.ts';
import { listSources } from '../support/list-sources.ts';
import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = join(ROOT, 'packaging/root/find-mirror.sh');
const NONE = {
  status: 1,
  stdout: '',
  stderr:
    "make-root: apt of this machine has no mirror of Debian's archive\n" +
    'HINT: Set DEBIAN_MIRROR to the URL of one, up to the folder above dists.\n',
};

/** Finds it with an apt whose sources are these: origin, label, component and URL. */
async function find(sources: readonly string[], { updated = true } = {}): Promise<RunResult> {
  await using folder = await createTemporaryFolder('mirror');
  const lists = join(folder.path, 'lists');
  if (updated) await writeFile(lists, '');
  const apt = join(folder.path, 'apt-get');
  const lines = sources.map((line) => `echo '${line}'`);
  await writeFile(
    apt,
    `#!/bin/sh\ncase $* in *update*) >'${lists}' ;; *) [ ! -e '${lists}' ] || { ${[':', ...lines].join('; ')}; } ;; esac\n`,
  );
  await chmod(apt, 0o755);
  // Awaited here, as the folder goes when this ends.
  return await run(SCRIPT, [], { env: { PATH: `${folder.path}:/usr/bin:/bin` } });
}

it.each([
  [['Debian Debian main http://mirror.example.com/debian/'], 'http://mirror.example.com/debian'],
  [
    [
      'Debian Debian-Security main http://security.example.com/debian-security/',
      'Docker Docker main https://docker.example.com/linux/debian/',
      'Debian Debian contrib http://contrib.example.com/debian/',
      'Debian Debian main mirror+file:/etc/apt/mirrors.list/',
      'Debian Debian main https://one.example.com/debian/',
      'Debian Debian main https://two.example.com/debian/',
    ],
    'https://one.example.com/debian',
  ],
])('the first one of Debian itself is taken: %j', async (sources, mirror) => {
  expect(await find(sources)).toMatchObject({ status: 0, stdout: `${mirror}\n`, stderr: '' });
});

it('apt gets its lists first where it has none', async () => {
  const sources = ['Debian Debian main http://mirror.example.com/debian/'];
  expect(await find(sources, { updated: false })).toMatchObject({
    status: 0,
    stdout: 'http://mirror.example.com/debian\n',
    stderr: '',
  });
});

it.each([[[]], [['Ubuntu Ubuntu main http://mirror.example.com/ubuntu/']]])(
  'where apt has none, as with %j, it says what to set',
  async (sources) => {
    expect(await find(sources)).toMatchObject(NONE);
  },
);

it('no host of a package registry stands in the sources', async () => {
  // In parts, as this file is one of the sources.
  const hosts = [
    ['deb', 'debian', 'org'],
    ['security', 'debian', 'org'],
    ['archive', 'ubuntu', 'com'],
    ['npmjs', 'org'],
    ['npmjs', 'com'],
    ['pypi', 'org'],
    ['pythonhosted', 'org'],
    ['proxy', 'golang', 'org'],
    ['crates', 'io'],
    ['maven', 'org'],
    ['repo', 'maven', 'apache', 'org'],
  ].map((labels) => labels.join('.'));
  const sources = await listSources();
  expect(sources).toContain('package-lock.json');
  const found: string[] = [];
  for (const path of sources) {
    const text = (await readFile(join(ROOT, path), 'utf8'))
      // What Cargo calls its default registry in every lock file, wherever packages come from.
      .replaceAll(/^source = "registry\+[^"]+"$/gm, '');
    found.push(...hosts.filter((host) => text.includes(host)).map((host) => `${path}: ${host}`));
  }
  expect(found).toEqual([]);
});
