// What the parts share: that a long step is never silent, and that a missing Go is told.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { cacheFolder } from './machine/cache-folder.ts';
import { createProgress } from './machine/create-progress.ts';
import { findGo } from './machine/find-go.ts';
import { formatSeconds } from './machine/format-seconds.ts';
import { runFollowed } from './machine/run-followed.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await createTemporaryFolder('world');
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

describe('a step', () => {
  it('is told when it begins, every five seconds, and when it ends', async () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const file = join(folder.path, 'durations.json');
    const progress = createProgress({ write: (line) => lines.push(line), file });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const step = progress.step('build it', async (tell) => {
      tell('1 of 2');
      await promise;
      return 'built';
    });
    await vi.advanceTimersByTimeAsync(11_000);
    resolve(undefined);
    expect(await step).toBe('built');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([
      'build it',
      'build it: 1 of 2, 5 s',
      'build it: 1 of 2, 10 s',
      'build it: done in 11 s',
    ]);
  });

  it('of several steps is told by the one that is under way', async () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const file = join(folder.path, 'durations.json');
    const progress = createProgress({ write: (line) => lines.push(line), file });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const step = progress.step('all', async () => progress.step('a part', async () => promise));
    await vi.advanceTimersByTimeAsync(5000);
    resolve(undefined);
    await step;
    expect(lines).toEqual([
      'all',
      'a part',
      'a part: 5 s',
      'a part: done in 5 s',
      'all: done in 5 s',
    ]);
  });

  it('says how long it took the last time', async () => {
    const lines: string[] = [];
    const file = join(folder.path, 'durations.json');
    await writeFile(file, '{"build it": 725}');
    await createProgress({ write: (line) => lines.push(line), file }).step(
      'build it',
      async () => {},
    );
    expect(lines[0]).toBe('build it (12 min 05 s last time)');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ 'build it': 0 });
  });

  it('that fails leaves the last time as it was, and is silent from then on', async () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const file = join(folder.path, 'durations.json');
    await writeFile(file, '{"build it": 725}');
    const step = createProgress({ write: (line) => lines.push(line), file }).step(
      'build it',
      async () => Promise.reject(new Error('no')),
    );
    await expect(step).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe('{"build it": 725}');
  });
});

describe('Go', () => {
  const fakeGo = async (answer: string): Promise<string> => {
    const path = join(folder.path, 'go');
    await writeFile(path, `#!/bin/sh\necho '${answer}'\n`);
    await chmod(path, 0o755);
    return path;
  };

  it('that is missing is an error with what to do', async () => {
    await expect(findGo(join(folder.path, 'missing'))).rejects.toThrow(
      /^Go 1\.26 or newer is needed, and `.*missing` is not in PATH\nHINT: Install Go 1\.26 or newer and put it in PATH\.$/,
    );
  });

  it.each(['go version go1.19.8 linux/amd64', 'go version go1.25 linux/amd64', 'something else'])(
    'that says %j is an error with what it said',
    async (answer) => {
      const go = await fakeGo(answer);
      const seen = answer.startsWith('go version') ? answer.split(' ')[2] : answer;
      await expect(findGo(go)).rejects.toThrow(`version\` says ${seen}\nHINT: Install Go`);
    },
  );

  it.each(['go1.26', 'go1.26.8', 'go1.30rc1', 'go2.0'])('%s is new enough', async (version) => {
    const go = await fakeGo(`go version ${version} linux/amd64`);
    expect(await findGo(go)).toEqual({ command: go, version });
  });
});

describe('a long command', () => {
  const options = { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } };

  it('is followed line by line, and its standard output is the result', async () => {
    const lines: string[] = [];
    const script = 'echo one; echo two >&2';
    const output = await runFollowed('sh', ['-c', script], {
      ...options,
      onLine: (line) => lines.push(line),
    });
    expect(output).toBe('one');
    expect(lines.toSorted((a, b) => a.localeCompare(b))).toEqual(['one', 'two']);
  });

  it('that fails is an error with the end of its output', async () => {
    await expect(runFollowed('sh', ['-c', 'echo broken >&2; exit 3'], options)).rejects.toThrow(
      /sh -c .*: exit status 3\nbroken$/,
    );
  });
});

it.each([
  [undefined, join(homedir(), '.cache/pgtoken-world')],
  ['', join(homedir(), '.cache/pgtoken-world')],
  ['relative', join(homedir(), '.cache/pgtoken-world')],
  ['/var/tmp/cache', '/var/tmp/cache/pgtoken-world'],
])('with XDG_CACHE_HOME %j the cache is %s', (value, expected) => {
  expect(cacheFolder({ XDG_CACHE_HOME: value })).toBe(expected);
});

it.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min 00 s'],
  [3725, '62 min 05 s'],
])('%i seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});
