// What `npm run release` makes and what it refuses, but for the packages, whose bytes test/package/installed/ compares.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  checkRelease,
  readVersions,
  type Checkout,
} from '../../packaging/release/check-release.ts';
import { makeArchive } from '../../packaging/release/make-archive.ts';
import { renderProvenance, renderSums } from '../../packaging/release/render-provenance.ts';
import { ROOT } from '../docs/read-markdown.ts';
import { run, type RunResult } from '../support/run.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const debian = (version: string): string =>
  `pgtoken (${version}) unstable; urgency=medium\n\n  * x\n\n -- a <a@b.invalid>  Sun, 22 Nov 2026 08:00:00 +0000\n`;
const READY: Checkout = {
  version: '0.2.0',
  changelog: '# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- x\n\n## 0.1.0 (not published)\n',
  security: '## Supported versions\n\nThe latest release gets fixes.\n',
  debianChangelog: debian('0.2.0'),
  status: '',
  today: '2026-12-01',
};
const problemsOf = (more: Partial<Checkout>): readonly string[] =>
  checkRelease({ ...READY, ...more }).map(({ problem }) => problem);

describe('a release', () => {
  it('is made of a clean tree, with its version and its date in the changelogs', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it.each<[string, Partial<Checkout>, string]>([
    [
      'a tree with what no commit has',
      { status: ' M src/clock.ts\n?? new\n' },
      'the tree has 2 changes that no commit has:  M src/clock.ts, ?? new',
    ],
    [
      'a version that CHANGELOG.md does not have',
      { version: '0.3.0', debianChangelog: debian('0.3.0') },
      'package.json has version 0.3.0; CHANGELOG.md has 0.2.0, 0.1.0',
    ],
    [
      'a version without a date',
      {
        changelog: '## 0.2.0 (unreleased)\n\n## 0.1.0 (2026-01-01)\n',
      },
      'CHANGELOG.md does not say when 0.2.0 is released; expected "## 0.2.0 (2026-12-01)"',
    ],
    [
      'a date of the future',
      { today: '2026-11-30' },
      'CHANGELOG.md has 0.2.0 of 2026-12-01; today is 2026-11-30',
    ],
    [
      'a version that is not the newest',
      {
        version: '0.1.0',
        changelog: '## 0.2.0 (unreleased)\n\n## 0.1.0 (2026-01-01)\n',
        debianChangelog: debian('0.1.0'),
      },
      'the newest version of CHANGELOG.md is 0.2.0; package.json has 0.1.0',
    ],
    [
      'a package of another version',
      { debianChangelog: debian('0.1.0') },
      'packaging/debian/changelog begins with 0.1.0; package.json has 0.2.0',
    ],
    [
      'a release that SECURITY.md does not know',
      { security: 'There is no\nrelease yet: x.\n' },
      'SECURITY.md says "There is no release yet"; CHANGELOG.md has one',
    ],
  ])('is refused for %s', (_what, more, problem) => {
    expect(problemsOf(more)).toEqual([problem]);
  });

  it('is refused where SECURITY.md supports one that CHANGELOG.md does not have', () => {
    expect(problemsOf({ changelog: '## 0.2.0 (unreleased)\n' })).toContain(
      'CHANGELOG.md has no release, that is none with a date; SECURITY.md does not say "There is no release yet"',
    );
  });

  it('has a hint for everything', () => {
    const all = checkRelease({
      ...READY,
      version: '9.9.9',
      status: 'x',
      security: 'There is no release yet',
    });
    expect(all).toHaveLength(4);
    for (const { hint } of all) expect(hint).toMatch(/^[A-Z].*[.:]?$/);
  });
});

it('CHANGELOG.md and SECURITY.md agree on whether there is one', () => {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const changelog = read('CHANGELOG.md');
  const [newest] = readVersions(changelog);
  const problems = checkRelease({
    version: newest!.version,
    changelog,
    security: read('SECURITY.md'),
    debianChangelog: debian(newest!.version),
    status: '',
    today: '9999-12-31',
  }).map(({ problem }) => problem);
  expect(problems.filter((problem) => problem.includes('SECURITY.md'))).toEqual([]);
});

describe('the archive', () => {
  let folder: TemporaryFolder;
  let checkout: string;
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.invalid', ...args], {
      cwd: checkout,
      encoding: 'utf8',
    }).trim();
  beforeAll(async () => {
    folder = await createTemporaryFolder('release');
    checkout = join(folder.path, 'checkout');
    mkdirSync(checkout);
    git('init', '--quiet');
    writeFileSync(join(checkout, 'README.md'), 'one\n');
    writeFileSync(join(checkout, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    git('add', '.');
    git('commit', '--quiet', '--message', 'x', '--date', '2026-01-01T00:00:00Z');
  });
  afterAll(async () => {
    await folder.remove();
  });

  it('has the same bytes each time, of the commit and not of the tree', () => {
    const commit = git('rev-parse', 'HEAD');
    const first = makeArchive(checkout, commit, 'pgtoken-1.2.3');
    git('config', 'tar.umask', '0077');
    git('config', 'core.autocrlf', 'true');
    appendFileSync(join(checkout, 'README.md'), 'two\n');
    writeFileSync(join(checkout, 'untracked'), '');
    expect(makeArchive(checkout, commit, 'pgtoken-1.2.3').equals(first)).toBe(true);
    const listed = execFileSync('tar', ['--list', '--verbose', '--gzip'], {
      input: first,
      encoding: 'utf8',
    });
    expect(listed).toMatch(/^-rw-r--r-- root\/root +4 \S+ \S+ pgtoken-1\.2\.3\/README\.md$/m);
    expect(listed).toMatch(/^-rwxr-xr-x root\/root .* pgtoken-1\.2\.3\/run\.sh$/m);
    expect(listed).not.toContain('untracked');
  });
});

describe('npm run release, in a clone of this checkout', () => {
  let folder: TemporaryFolder;
  let clone: string;
  const release = async (...options: readonly string[]): Promise<RunResult> =>
    run(process.execPath, [join(clone, 'packaging/release/release.ts'), ...options], {
      cwd: clone,
    });
  beforeAll(async () => {
    folder = await createTemporaryFolder('release');
    clone = join(folder.path, 'clone');
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]);
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    appendFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
    // As it is here, committed or not.
    cpSync(join(ROOT, 'packaging'), join(clone, 'packaging'), { recursive: true });
  });
  afterAll(async () => {
    await folder.remove();
  });

  it('makes the same bytes twice, and says that a rehearsal is none to be published', async () => {
    const made = join(clone, 'build/rehearsal');
    const readAll = (): ReadonlyMap<string, string> => {
      const [version = ''] = readdirSync(made);
      const files = readdirSync(join(made, version));
      return new Map(
        files.map((name) => [name, readFileSync(join(made, version, name)).toString('base64')]),
      );
    };
    const first = await release('--rehearse', '--no-packages');
    expect(first.stdout).toContain('A rehearsal: sign and upload nothing of it.');
    expect(first.status).toBe(0);
    const before = readAll();
    expect([...before.keys()]).toEqual([
      'SHA256SUMS',
      expect.stringMatching(/^pgtoken-.*\.provenance\.txt$/),
      expect.stringMatching(/^pgtoken-.*\.tar\.gz$/),
    ]);
    expect((await release('--rehearse', '--no-packages')).status).toBe(0);
    expect(readAll()).toEqual(before);
  });

  it('makes nothing of a tree with a change', async () => {
    appendFileSync(join(clone, 'README.md'), 'x\n');
    const { status, stdout, stderr } = await release('--no-packages');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^release: the tree has .* README\.md/m);
    expect(stderr).toContain('HINT: Commit them, or release from a fresh clone.\n');
    expect(stderr).toContain('release: nothing was made;');
    expect(existsSync(join(clone, 'build/release'))).toBe(false);
  });
});

describe('its notes', () => {
  it('say what it was made from and with, and nothing of when or where', () => {
    const text = renderProvenance({
      version: '0.2.0',
      commit: 'c0ffee',
      committed: '2026-12-01T08:00:00+00:00',
      tools: [
        ['node', 'v26.12.1'],
        ['git', '2.39.5'],
      ],
      pins: [['package-lock.json', 'ab'.repeat(32)]],
      options: ['--arm64'],
    });
    expect(text).toContain('  commit c0ffee, of 2026-12-01T08:00:00+00:00\n');
    expect(text).toContain(`  package-lock.json\n    SHA-256 ${'ab'.repeat(32)}\n`);
    expect(text).toContain('  node  v26.12.1\n  git   2.39.5\n');
    expect(text).toContain('  git checkout c0ffee\n  npm run release -- --arm64\n');
    for (const line of text.split('\n')) expect(line).not.toContain(ROOT);
  });

  it('have sums that sha256sum checks, in the order of names', async () => {
    const files = await createTemporaryFolder('sums');
    writeFileSync(join(files.path, 'b'), 'b');
    writeFileSync(join(files.path, 'a'), 'a');
    const sum = (name: string): string =>
      execFileSync('sha256sum', [name], { cwd: files.path, encoding: 'utf8' }).slice(0, 64);
    const sums = renderSums(new Map(['b', 'a'].map((name) => [name, sum(name)])));
    expect(sums).toMatch(/^\w{64} {2}a\n\w{64} {2}b\n$/);
    writeFileSync(join(files.path, 'SHA256SUMS'), sums);
    const checked = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
      cwd: files.path,
      encoding: 'utf8',
    });
    expect(checked).toBe('a: OK\nb: OK\n');
    await files.remove();
  });
});
