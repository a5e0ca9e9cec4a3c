// issuers.yaml as the daemon follows it: what is put in force, what is kept, and what is said of each.
import { renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';

import { loadPolicy } from '../../../src/policy/load-policy.ts';
import {
  type ConfigFollower,
  type ConfigStatus,
  followConfig,
  type LoadFollowedPolicy,
} from '../../../src/daemon/reload/follow-config.ts';
import type { Refusal } from '../../../src/errors.ts';
import { createLogger } from '../../../src/log/create-logger.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { poll } from '../../support/poll.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';

const logLine = z.looseObject({ level: z.string(), msg: z.string() });
const IN_FORCE = 'configuration in force';
const WAITS =
  'the configuration was written in place and may lack its end: it counts when it has stood still';

let folder: TemporaryFolder;
let follower: ConfigFollower | undefined;
let lines: z.output<typeof logLine>[];
/** What the last policy that was put in force has, by entry. */
let adopted: string[][];
let refusals: Refusal[];
let status: ConfigStatus;
let counted: boolean[];
let detached: number;

const inside = (path: string): string => join(folder.path, path);
const config = (): string => inside('issuers.yaml');

beforeEach(async () => {
  folder = await createTemporaryFolder('follow-config');
  [lines, adopted, refusals, counted, detached] = [[], [], [], [], 0];
});

afterEach(async () => {
  vi.useRealTimers();
  follower?.stop();
  follower = undefined;
  await folder.remove();
});

async function follow(
  load: LoadFollowedPolicy = loadPolicy,
  path = config(),
): Promise<ConfigFollower> {
  follower = await followConfig({
    path,
    loadPolicy: load,
    adopt: (policy) => void adopted.push(policy.issuers.map(({ name }) => name)),
    refuseAll: (refusal) => void refusals.push(refusal),
    onStatus: (next) => {
      status = next;
    },
    metrics: {
      countReload: (successful) => void counted.push(successful),
      setConfig: () => undefined,
      setDetachedFiles: (count) => {
        detached = count;
      },
    },
    logger: createLogger({ write: (line) => void lines.push(logLine.parse(JSON.parse(line))) }),
  });
  return follower;
}

/** Loads a file, or fails in a way that nobody foresaw while it is told to. */
function createFailingLoader(message: string): { fails: boolean; load: LoadFollowedPolicy } {
  const loader = {
    fails: false,
    load: async (path: string) => {
      if (loader.fails) throw new Error(message);
      return loadPolicy(path);
    },
  };
  return loader;
}

const entry = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  issuer: { url: `https://${name}.example.com`, audiences: ['postgres'] },
  roles: [{ claim: 'sub' }],
  ...more,
});
const GUARDED = entry('prod', { deny: { subjects: ['mallory'] } });

/** In place, as an editor or a shell does it. */
const write = (...entries: readonly Readonly<Record<string, unknown>>[]): void => {
  writeFileSync(config(), writeIssuersYAML(entries), { mode: 0o644 });
};
/** As configuration management does it. */
const replace = (...entries: readonly Readonly<Record<string, unknown>>[]): void => {
  writeFileSync(inside('new'), writeIssuersYAML(entries), { mode: 0o644 });
  renameSync(inside('new'), config());
};
const logged = (msg: string): z.output<typeof logLine>[] =>
  lines.filter((line) => line.msg === msg);
const untilLogged = async (msg: string, count = 1) =>
  poll(`"${msg}", ${count} times`, () => (logged(msg).length >= count ? logged(msg) : undefined));

describe('without a configuration that can be used', () => {
  it('nothing is in force, and the answer is the first problem with its place', async () => {
    writeFileSync(config(), 'apiVersion: pgtoken/v1\nissuers:\n- name: Prod\n', { mode: 0o644 });
    await follow();
    expect(adopted).toEqual([]);
    expect(refusals.map(({ code, message, hint }) => [code, message, hint])).toEqual([
      [
        'ERR_CONFIG_INVALID',
        expect.stringMatching(
          new RegExp(String.raw`^${config()}:3:3: issuers\[0\]\.issuer: .* \(and 2 more\)$`),
        ),
        `Fix it: the daemon follows the file. pgtoken config check ${config()} reports all problems.`,
      ],
    ]);
    expect(logged('the configuration is invalid, nobody can log in')).toMatchObject([
      { level: 'error', problems: { length: 3 } },
    ]);
    expect(status).toMatchObject({ inForce: undefined, problems: { length: 3 } });
    expect(counted).toEqual([false]);
  });

  it('the file is followed, and counts as soon as it is there', async () => {
    await follow();
    expect(refusals[0]?.message).toBe(`${config()}:1:1: cannot be used: no such file`);
    write(entry('prod'));
    await untilLogged(IN_FORCE);
    expect(adopted).toEqual([['prod']]);
    expect(status).toMatchObject({ inForce: { issuers: 1 }, problems: [] });
  });

  it('because loading it fails in a way that nobody foresaw, it is all the same', async () => {
    write(entry('prod'));
    const loader = createFailingLoader('secret');
    loader.fails = true;
    await follow(loader.load);
    expect(logged('the configuration could not be loaded')).toHaveLength(1);
    expect(refusals).toMatchObject([{ code: 'ERR_CONFIG_INVALID' }]);
    expect(JSON.stringify([lines, refusals])).not.toContain('secret');
    loader.fails = false;
    expect(await follower?.reload()).toBe(true);
    expect(adopted).toEqual([['prod']]);
  });
});

it('a change whose load fails in a way that nobody foresaw is loaded again', async () => {
  write(entry('prod'));
  const loader = createFailingLoader('no thread can be started');
  await follow(loader.load);
  loader.fails = true;
  replace(GUARDED);
  await untilLogged('the configuration could not be loaded');
  expect(status).toMatchObject({ inForce: { issuers: 1 }, problems: { length: 1 } });
  loader.fails = false;
  await untilLogged(IN_FORCE, 2);
  expect(status.problems).toEqual([]);
});

it('logins are said to be held up by a load from the moment on that a configuration is in force, and not by the first ones', async () => {
  // The file that it names is not watched until it has been read once: so it is read again.
  writeFileSync(inside('keys.json'), '{"keys": []}');
  write(entry('prod', { keys: { jwksFile: 'keys.json' } }));
  const loads: boolean[] = [];
  await follow(async (path, isInForce) => {
    loads.push(isInForce);
    return loadPolicy(path);
  });
  write(entry('prod'));
  await follower?.reload();
  await follower?.reload();
  expect(loads).toEqual([false, false, false, true]);
});

describe('a reload that is asked for', () => {
  it('says whether what the file says is in force', async () => {
    write(entry('prod'));
    const running = await follow();
    write(entry('prod'), entry('more'));
    expect(await running.reload()).toBe(true);
    expect(adopted.at(-1)).toEqual(['prod', 'more']);
    writeFileSync(config(), 'issuers: [');
    expect(await running.reload()).toBe(false);
    expect(adopted).toHaveLength(2);
    expect(refusals).toEqual([]);
    expect(status).toMatchObject({ inForce: { issuers: 2 }, problems: { length: 1 } });
    expect(logged('the configuration is invalid, the last good one stays in force')).toHaveLength(
      1,
    );
  });

  it('takes a file at once that was written in place with less in it', async () => {
    write(GUARDED);
    const running = await follow();
    write(entry('prod'));
    expect(await running.reload()).toBe(true);
    expect(adopted).toHaveLength(2);
    expect(logged(WAITS)).toEqual([]);
  });
});

describe('what a new configuration takes away', () => {
  it('is in the log, by name', async () => {
    write(GUARDED, entry('old'));
    const running = await follow();
    replace(entry('prod'));
    await running.reload();
    expect(logged('the new configuration takes rules away')).toMatchObject([
      { level: 'warn', removed: ['entry prod: deny.subjects "mallory"', 'entry old'] },
    ]);
  });

  it('is named up to a number', async () => {
    write(...Array.from({ length: 30 }, (_, at) => entry(`old-${at}`)));
    const running = await follow();
    replace(entry('new'));
    await running.reload();
    const [line] = logged('the new configuration takes rules away');
    expect(line?.['removed']).toHaveLength(21);
    expect(line?.['removed']).toContain('and 10 more');
  });

  it('is nothing when there is nothing', async () => {
    write(entry('prod'));
    const running = await follow();
    write(GUARDED, entry('more'));
    await running.reload();
    expect(logged('the new configuration takes rules away')).toEqual([]);
  });
});

describe('a file that is being written in place', () => {
  it('does not count in halves: what it denies stays denied', async () => {
    write(GUARDED);
    await follow();
    const whole = writeIssuersYAML([GUARDED, entry('more')]);
    const half = whole.slice(0, whole.indexOf('    deny:'));
    expect(half).not.toBe(whole);
    writeFileSync(config(), half);
    await untilLogged(WAITS);
    expect(status.problems).toEqual([
      `${config()}: written in place, and may lack its end: it counts when it has stood still for 5 s`,
    ]);
    writeFileSync(config(), whole);
    await untilLogged(IN_FORCE, 2);
    expect(adopted).toEqual([['prod'], ['prod', 'more']]);
    expect(logged('the new configuration takes rules away')).toEqual([]);
    expect(status.problems).toEqual([]);
  });

  it.each([
    ['with less in it', () => write(entry('prod'))],
    // A new entry whose end is missing lets more people in than the whole one.
    ['with more in it', () => write(GUARDED, entry('more'))],
    [
      'without its last line break',
      () => writeFileSync(config(), writeIssuersYAML([GUARDED, entry('x')]).trimEnd()),
    ],
  ])('%s, counts once it has stood still, with a warning', async (_what, change) => {
    write(GUARDED);
    await follow();
    change();
    await untilLogged(WAITS);
    expect(adopted).toHaveLength(1);
    await untilLogged(IN_FORCE, 2);
    expect(adopted).toHaveLength(2);
    expect(status.problems).toEqual([]);
  });

  it('is not put off by changes of the files that it names', async () => {
    const { publicJWK } = await createSigningKey('ES256', 'a');
    const touch = (): void => {
      writeFileSync(inside('keys.json'), JSON.stringify({ keys: [publicJWK] }), { mode: 0o644 });
    };
    touch();
    const pinned = entry('pinned', { keys: { jwksFile: 'keys.json' } });
    write(GUARDED, pinned);
    await follow();
    write(entry('prod'), pinned);
    await untilLogged(WAITS);
    const touching = setInterval(touch, 1500);
    try {
      await untilLogged(IN_FORCE, 2);
    } finally {
      clearInterval(touching);
    }
    expect(logged(WAITS)).toHaveLength(1);
  });

  it('and is put back has changed nothing', async () => {
    write(GUARDED);
    await follow();
    write(entry('prod'));
    await untilLogged(WAITS);
    write(GUARDED);
    await untilLogged(IN_FORCE, 2);
    expect(logged('the new configuration takes rules away')).toEqual([]);
    expect(status.problems).toEqual([]);
  });

  it('another one in its place counts at once, with less in it', async () => {
    write(GUARDED);
    await follow();
    replace(entry('prod'));
    await untilLogged(IN_FORCE, 2);
    expect(logged(WAITS)).toEqual([]);
    expect(logged('the new configuration takes rules away')).toHaveLength(1);
  });
});

it('a file that was replaced where it cannot be seen is an error, until it is seen again', async () => {
  write(entry('prod'));
  // A descriptor holds it as a mount does, and is looked at by its name in /proc.
  const file = await open(config());
  const seen = `/proc/self/fd/${file.fd}`;
  try {
    const running = await follow(loadPolicy, seen);
    replace(entry('other'));
    const [line] = await untilLogged('a file was replaced, and is seen here as it was before');
    expect(line).toMatchObject({
      level: 'error',
      files: [seen],
      hint: 'Mount the folder instead of the file, and start the container again.',
    });
    expect(detached).toBe(1);
    expect(status.problems).toContain(`${seen}: was replaced, and is seen here as it was before`);
    expect(await running.reload()).toBe(false);
  } finally {
    await file.close();
  }
});
