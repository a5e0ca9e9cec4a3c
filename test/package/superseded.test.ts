// What npm run check says of packages that newer ones have replaced. npm itself is a stand-in here.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findSuperseded } from '../../packaging/dependencies/find-superseded.ts';
import { reportSuperseded } from '../../packaging/dependencies/report-superseded.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

describe('the pinned version', () => {
  const times = {
    '1.2.9': '2026-01-01T00:00:00Z',
    '1.2.10': '2026-02-01T00:00:00Z',
    '1.3.0': '2026-03-01T00:00:00Z',
    '2.0.0': '2026-05-01T00:00:00Z',
    '2.1.0-rc.1': '2026-01-15T00:00:00Z',
    '1.2.11': '2026-06-01T00:00:00Z',
  };

  it.each([
    ['1.2.9', '1.3.0', '2026-02-01', '1.3.0'],
    ['1.2.10', '2.0.0', '2026-03-01', '2.0.0'],
    ['1.3.0', '2.0.0', '2026-05-01', '2.0.0'],
    // A fix of an older line that came after the newer line.
    ['1.2.10', '1.2.11', '2026-06-01', '1.2.11'],
  ])('%s is superseded when %s is the latest: since %s, by %s', (pinned, latest, since, newest) => {
    expect(findSuperseded(pinned, { latest, times })).toEqual({
      since: new Date(`${since}T00:00:00Z`),
      newest,
    });
  });

  it.each([
    ['2.0.0', '2.0.0'],
    // What the authors only try out, or have taken back.
    ['1.3.0', '1.3.0'],
    ['2.0.0', '2.1.0-rc.1'],
    ['3.0.0', '2.0.0'],
  ])('%s is not when %s is the latest', (pinned, latest) => {
    expect(findSuperseded(pinned, { latest, times })).toBeUndefined();
  });
});

describe('the report', () => {
  let folder: TemporaryFolder;
  const inside = (...names: readonly string[]): string => join(folder.path, ...names);

  beforeEach(async () => {
    folder = await createTemporaryFolder('superseded');
    await mkdir(inside('commands'));
    await mkdir(inside('node_modules'));
    await pin({ jose: '1.0.0', pg: '2.0.0' });
    await answer('jose', { '1.0.0': '2026-01-01', '1.0.1': '2026-03-01', '1.1.0': '2026-03-30' });
    await answer('pg', { '2.0.0': '2026-01-01', '2.0.1': '2026-03-20' });
    await npm(
      `echo "$*" >>"${inside('calls')}"; [ ! -e "${inside('hangs')}" ] || exec sleep 60; cat "${folder.path}/$2.json"`,
    );
  });
  afterEach(async () => {
    await folder.remove();
  });

  async function pin(dependencies: Readonly<Record<string, string>>): Promise<void> {
    const { jose, ...rest } = dependencies;
    const manifest = { dependencies: rest, devDependencies: jose === undefined ? {} : { jose } };
    await writeFile(inside('package.json'), JSON.stringify(manifest));
  }

  async function answer(name: string, times: Readonly<Record<string, string>>): Promise<void> {
    const versions = Object.keys(times);
    const time = Object.fromEntries(
      Object.entries(times).map(([version, day]) => [version, `${day}T12:00:00.000Z`]),
    );
    const known = { time, versions, 'dist-tags.latest': versions.at(-1) };
    await writeFile(inside(`${name}.json`), JSON.stringify(known));
  }

  async function npm(script: string): Promise<void> {
    await writeFile(inside('commands', 'npm'), `#!/bin/sh\n${script}\n`);
    await chmod(inside('commands', 'npm'), 0o755);
  }

  async function report({ now = '2026-04-01', limit = 20_000 } = {}): Promise<string[]> {
    const lines: string[] = [];
    await reportSuperseded({
      checkout: folder.path,
      env: { PATH: `${inside('commands')}:/usr/bin:/bin` },
      limit,
      now: Date.parse(`${now}T12:00:00Z`),
      say: (line) => lines.push(line),
    });
    return lines;
  }

  const calls = async (): Promise<string[]> =>
    (await readFile(inside('calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1).toSorted();

  it('names what was superseded more than 14 days ago, and nothing else', async () => {
    expect(await report()).toEqual([
      'asking npm about 2 packages, for 20 s at most',
      '2 packages, 1 superseded for over 14 days',
      '  jose 1.0.0: superseded on 2026-03-01, 31 days ago; newest 1.1.0',
    ]);
    expect(await calls()).toEqual([
      'view jose time versions dist-tags.latest --json --fetch-retries=0 --loglevel=error',
      'view pg time versions dist-tags.latest --json --fetch-retries=0 --loglevel=error',
    ]);
  });

  it('asks once a day, and judges anew each time', async () => {
    await report({ now: '2026-03-15' });
    await pin({ jose: '1.1.0', pg: '2.0.1' });
    expect(await report({ now: '2026-03-15' })).toEqual([
      '2 packages, none superseded for over 14 days',
    ]);
    expect(await calls()).toHaveLength(2);
    expect(await report({ now: '2026-03-16' })).toHaveLength(2);
    expect(await calls()).toHaveLength(4);
  });

  it('takes a package with one version, of which npm gives no list', async () => {
    await pin({ jose: '1.0.0' });
    const known = {
      time: { created: '2026-01-01T00:00:00Z', '1.0.0': '2026-01-01T00:00:00Z' },
      versions: '1.0.0',
      'dist-tags.latest': '1.0.0',
    };
    await writeFile(inside('jose.json'), JSON.stringify(known));
    expect(await report()).toContain('1 package, none superseded for over 14 days');
  });

  it('says in one line that npm cannot be asked, and is content', async () => {
    await npm(`printf %s '{"error":{"summary":"no such host\\nmore"}}'; exit 1`);
    expect((await report()).slice(1)).toEqual([
      'npm did not say what is newest of any package: no such host',
    ]);
    await npm('echo nonsense');
    expect((await report()).slice(1)).toEqual([
      expect.stringMatching(/^npm did not say what is newest of any package: .*nonsense/),
    ]);
  });

  it('waits no longer than it was told, and keeps what it has heard', async () => {
    await writeFile(inside('hangs'), '');
    expect((await report({ limit: 500 })).slice(1)).toEqual([
      'npm did not say what is newest of any package: no answer within 0.5 s',
    ]);
    await npm(`[ "$2" = pg ] || exec sleep 60; cat "${folder.path}/$2.json"`);
    expect((await report({ limit: 2000 })).slice(1)).toEqual([
      '1 package, none superseded for over 14 days',
      'npm did not say what is newest of jose: no answer within 2 s',
    ]);
    await npm(`[ "$2" != pg ] || exit 1; cat "${folder.path}/$2.json"`);
    expect(await report()).toContain('2 packages, 1 superseded for over 14 days');
  });
});
