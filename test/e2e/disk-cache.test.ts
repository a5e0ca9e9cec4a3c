// A disk that takes no more, once there are keys on it: what is there stays whole and good, and nothing is left beside it.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { createSlowCalls } from '../support/slow-calls.ts';
import { untilCached, type StartDaemonOptions } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin, tryLogins } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const ROLE = 'foo:myservice';

const on = useDaemonHost(ROLE);

const start = async (issuer: Issuer, more: StartDaemonOptions = {}): Promise<DaemonProcess> =>
  on.host.startDaemon({
    issuers: [entryOf('cluster', issuer, { cache: { refreshInterval: '1s' } })],
    ...more,
  });

describe.each<[what: string, spoil: () => Promise<StartDaemonOptions>, reason: string]>([
  ['is full', async () => ({ fullDisk: true }), 'EFBIG'],
  [
    'may not be written',
    async () => {
      await chmod(on.host.cacheFolder, 0o555);
      return {};
    },
    'EACCES',
  ],
])('a disk that %s', (_what, spoil, reason) => {
  it('keeps the keys that it has, for a start while the issuer is down', async () => {
    await using issuer = await on.newIssuer();
    {
      await using daemon = await start(issuer);
      await untilCached(on.host, ['cluster']);
      expect(await daemon.stop()).toBe(0);
    }
    const file = join(on.host.cacheFolder, 'cluster.json');
    const before = await readFile(file, 'utf8');
    const login = { role: ROLE, password: await issuer.mint() };
    {
      const options = await spoil();
      await using daemon = await start(issuer, options);
      const line = await daemon.waitForLine('the key cache on disk cannot be written');
      expect(line['level']).toBe('warn');
      expect(line['reason']).toContain(reason);
      expect(await tryLogins(on.host.cluster, login, 10)).toEqual({ granted: 10 });
      expect(await daemon.stop()).toBe(0);
      expect(daemon.lines().filter(({ level }) => level === 'error')).toEqual([]);
    }
    expect(await readdir(on.host.cacheFolder)).toEqual(['cluster.json']);
    expect(await readFile(file, 'utf8')).toBe(before);

    await issuer.fail('refuse');
    await using _daemon = await start(issuer);
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
  });
});

describe('a disk that hangs', () => {
  it('holds up no login, no retrieval and no reload, of however many entries; what is newest is written in the end', async () => {
    await using slowCalls = await createSlowCalls();
    const speedUp = await slowCalls.slowDisk();
    await using issuer = await on.newIssuer();
    // More entries than there are threads to write with.
    const names = Array.from({ length: 20 }, (_, at) => `cluster-${at}`);
    const entries = (more: Readonly<Record<string, unknown>>) =>
      names.map((name) => entryOf(name, issuer, { cache: { refreshInterval: '1s' }, ...more }));
    await using daemon = await on.host.startDaemon({
      issuers: entries({}),
      wrapper: slowCalls.wrapper,
    });
    const login = async () => ({ role: ROLE, password: await issuer.mint() });
    expect(await tryLogins(on.host.cluster, await login(), 20)).toEqual({ granted: 20 });
    const refreshed = issuer.requestCount('jwks');
    await poll(
      'another refresh of all of them',
      () => issuer.requestCount('jwks') >= refreshed + 2 * names.length || undefined,
    );
    // One file is under way, and only one.
    expect(await readdir(on.host.cacheFolder)).toEqual([
      expect.stringMatching(/^cluster-\d+\.json\.[-0-9a-f]{36}\.tmp$/),
    ]);
    const from = daemon.lines().length;
    await on.host.installation.writeConfig(
      writeIssuersYAML(entries({ token: { algorithms: ['ES256'] } })),
    );
    await daemon.waitForLine('configuration in force', from);
    const key = await issuer.addKey('ES256');
    const password = await issuer.mint({}, { key: key.kid });
    expect(await tryLogin(on.host.cluster, { role: ROLE, password })).toBe('granted');

    await speedUp();
    await poll('the new key in every file', async () => {
      const texts = await Promise.all(
        names.map(async (name) =>
          readFile(join(on.host.cacheFolder, `${name}.json`), 'utf8').catch(() => ''),
        ),
      );
      return texts.every((text) => text.includes(key.kid)) || undefined;
    });
    expect(await daemon.stop()).toBe(0);
    expect((await readdir(on.host.cacheFolder)).toSorted()).toEqual(
      names.map((name) => `${name}.json`).toSorted(),
    );
    expect(daemon.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('holds up the end of the daemon for seconds, not for ever, and leaves nothing behind in the long run', async () => {
    await using slowCalls = await createSlowCalls();
    const speedUp = await slowCalls.slowDisk();
    await using issuer = await on.newIssuer();
    {
      await using daemon = await start(issuer, {
        wrapper: slowCalls.wrapper,
      });
      expect(await tryLogin(on.host.cluster, { role: ROLE, password: await issuer.mint() })).toBe(
        'granted',
      );
      daemon.signal('SIGTERM');
      await daemon.waitForLine('stopped');
      // A thread of its own is still waiting for the disk.
      await speedUp();
      expect(await daemon.ended).toBe(0);
    }
    // One that was killed in the middle leaves its file behind; the next one takes it away.
    const left = join(on.host.cacheFolder, `cluster.json.${crypto.randomUUID()}.tmp`);
    await writeFile(left, '{');
    await using _daemon = await start(issuer);
    await untilCached(on.host, ['cluster']);
    expect(await readdir(on.host.cacheFolder)).toEqual(['cluster.json']);
  });
});
