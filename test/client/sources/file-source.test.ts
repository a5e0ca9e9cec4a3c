// Tokens from a file: as the kubelet, an editor or a careless program replaces it, on a real file system.
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createFileSource } from '../../../src/client/sources/file-source.ts';
import { findWatchPoints } from '../../../src/client/sources/find-watch-points.ts';
import type { WatchFolder } from '../../../src/client/sources/watch-points.ts';
import { followToken, type TokenFollower } from '../../../src/client/token/follow-token.ts';
import { systemClock } from '../../../src/clock.ts';
import { poll } from '../../support/poll.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { makeToken } from '../make-token.ts';
import { reasonOf } from '../reason-of.ts';

let folder: TemporaryFolder;
let follower: TokenFollower | undefined;
const inside = (...names: string[]): string => join(folder.path, ...names);
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await createTemporaryFolder('file-source');
});

afterEach(async () => {
  follower?.stop();
  await folder.remove();
});

/** A token that expires so many seconds from now. */
const lasting = (seconds: number): string =>
  makeToken({ exp: Math.floor(Date.now() / 1000) + seconds });

/** Replaces a volume's content as the kubelet does: a new folder, and a link to it that takes the place of the old one. */
async function publish(version: string, token: string): Promise<void> {
  await mkdir(inside(`..${version}`));
  await writeFile(inside(`..${version}`, 'postgres'), token);
  await symlink(`..${version}`, inside('..data_tmp'));
  await rename(inside('..data_tmp'), inside('..data'));
}

/** Follows a file, by a source that is read again only when it is told to: after hours. */
function follow(path: string, watchFolder?: WatchFolder) {
  const source = createFileSource(path, {
    clock: systemClock,
    ...(watchFolder === undefined ? {} : { watchFolder }),
  });
  const tokens: string[] = [];
  const faults: string[] = [];
  follower = followToken({
    source,
    clock: systemClock,
    onToken: ({ text }) => tokens.push(text),
    onFault: ({ reason }) => faults.push(reason),
  });
  const untilTold = async (token: string) =>
    poll('the token', () => tokens.includes(token) || undefined, 5000);
  const untilFault = async (part: string) =>
    poll(`a fault with ${part}`, () => faults.some((one) => one.includes(part)) || undefined, 5000);
  return { tokens, faults, untilTold, untilFault };
}

describe('a file that is followed', () => {
  it('is read within a moment when the kubelet switches ..data, again and again', async () => {
    const tokens = [1, 2, 3, 4].map((n) => lasting(1000 + n));
    await publish('2026_1', tokens[0]!);
    await symlink('..data/postgres', inside('postgres'));
    const { untilTold } = follow(inside('postgres'));
    await untilTold(tokens[0]!);
    for (const n of [2, 3, 4]) {
      const started = performance.now();
      await publish(`2026_${n}`, tokens[n - 1]!);
      await rm(inside(`..2026_${n - 1}`), { recursive: true });
      await untilTold(tokens[n - 1]!);
      expect(performance.now() - started).toBeLessThan(2000);
    }
  });

  it('is read when another takes its place, and when it is written in place', async () => {
    const { untilTold } = follow(inside('token'));
    for (const n of [1, 2]) {
      await writeFile(inside('new'), lasting(1000 + n));
      await rename(inside('new'), inside('token'));
      await untilTold(lasting(1000 + n));
    }
    const third = lasting(2000);
    await writeFile(inside('token'), third);
    expect(await untilTold(third)).toBe(true);
  });

  it('is read when it appears late, folder and all', async () => {
    const { untilTold, untilFault } = follow(inside('late', 'deeper', 'token'));
    await untilFault('no such file');
    await mkdir(inside('late', 'deeper'), { recursive: true });
    const token = lasting(1000);
    await writeFile(inside('late', 'deeper', 'token'), token);
    expect(await untilTold(token)).toBe(true);
  });

  it('is read when its folder is another one now', async () => {
    await mkdir(inside('a'));
    await writeFile(inside('a', 'token'), lasting(1000));
    await symlink('a', inside('current'));
    const { untilTold } = follow(inside('current', 'token'));
    await untilTold(lasting(1000));
    await mkdir(inside('b'));
    const token = lasting(2000);
    await writeFile(inside('b', 'token'), token);
    await symlink('b', inside('next'));
    await rename(inside('next'), inside('current'));
    expect(await untilTold(token)).toBe(true);
  });

  it('is not taken while only half of it is written, and then it is', async () => {
    const token = makeToken({
      exp: Math.floor(Date.now() / 1000) + 1000,
      padding: 'x'.repeat(3000),
    });
    await writeFile(inside('token'), token.slice(0, 2000));
    const { untilTold, untilFault, tokens } = follow(inside('token'));
    await untilFault('it ends in its claims');
    await writeFile(inside('token'), token);
    await untilTold(token);
    expect(tokens).toEqual([token]);
  });

  it('keeps the token from before when it becomes empty, a folder, or goes away', async () => {
    const token = lasting(1000);
    await writeFile(inside('token'), token);
    const { untilTold, untilFault } = follow(inside('token'));
    await untilTold(token);
    await writeFile(inside('token'), '');
    await untilFault('it is empty; expected a token (JWT)');
    await rm(inside('token'));
    await untilFault('no such file');
    await mkdir(inside('token'));
    await untilFault('it is a folder; expected a regular file');
    expect(follower?.token?.text).toBe(token);
  });

  it('is read all the same on a file system that tells of nothing', async () => {
    const silent: WatchFolder = () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    await writeFile(inside('token'), lasting(4));
    const { untilTold, faults } = follow(inside('token'), silent);
    await untilTold(lasting(4));
    const next = lasting(2000);
    await writeFile(inside('token'), next);
    await untilTold(next);
    expect(faults).toEqual([`${folder.path} cannot be watched (ENOSPC); changes are seen late`]);
  });

  it('is not read for every other file in its folder', async () => {
    let events = 0;
    const counting: WatchFolder = (path, onEvent) => {
      events += 1;
      return watch(path, onEvent);
    };
    const { watch } = await import('node:fs');
    await writeFile(inside('token'), lasting(1000));
    const { untilTold } = follow(inside('token'), counting);
    await untilTold(lasting(1000));
    expect(events).toBe(1);
  });
});

describe('what is no file of a token', () => {
  it.each<readonly [what: string, reason: string, make: (path: string) => Promise<unknown>]>([
    ['nothing', 'no such file', async () => undefined],
    ['a folder', 'it is a folder; expected a regular file', async (path) => mkdir(path)],
    [
      'a link to a device',
      'it is a device or pipe; expected a regular file',
      async (path) => symlink('/dev/zero', path),
    ],
    [
      'a large file',
      'it has over 65535 bytes; expected a token of at most that',
      async (path) => writeFile(path, 'e'.repeat(70_000)),
    ],
    ['a link to itself', 'ELOOP', async (path) => symlink('token', path)],
  ])('is refused with the reason: %s', async (_what, reason, make) => {
    await make(inside('token'));
    const result = await createFileSource(inside('token'), { clock: systemClock }).get(never);
    expect(reasonOf(result)).toContain(reason);
  });
});

describe('the folders that are watched', () => {
  it('are those of each link on the way, and of the file', async () => {
    await publish('2026_1', 'x');
    await symlink('..data/postgres', inside('postgres'));
    const points = await findWatchPoints(inside('postgres'));
    expect(points.map(({ folder: at, name }) => join(at, name))).toEqual([
      inside('postgres'),
      inside('..data'),
      inside('..2026_1', 'postgres'),
    ]);
  });

  it('end with the first that is missing', async () => {
    expect(await findWatchPoints(inside('a', 'b'))).toEqual([{ folder: folder.path, name: 'a' }]);
  });

  it('are found for links that lead in circles too', async () => {
    await symlink('two', inside('one'));
    await symlink('one', inside('two'));
    expect((await findWatchPoints(inside('one'))).length).toBeLessThan(50);
  });
});
