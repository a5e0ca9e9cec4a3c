// What goes wrong around the daemon: issuers, its disk, its process, its descriptors. Nobody waits for ever, nobody gets in
// who should not, and when it is over logins go on without anybody's help.
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { countWaitingBackends } from '../support/count-waiting-backends.ts';
import { findFreePort } from '../support/find-free-port.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { runChecked } from '../support/run-checked.ts';
import { untilCached, type StartDaemonOptions } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { countOutcomes, tryLogin, tryLogins } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';
const REFUSED = `PAM authentication failed for user "${ROLE}"`;

const on = useDaemonHost(ROLE);

const { newIssuer } = on;
const entry = (name: string, issuer: Issuer, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  issuer: {
    url: issuer.url,
    certificateAuthority: issuer.certificateAuthority,
    audiences: ['postgres'],
  },
  http: { timeout: '1s' },
  roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
  ...more,
});
const start = async (issuer: Issuer, more: StartDaemonOptions = {}): Promise<DaemonProcess> =>
  on.host.startDaemon({ issuers: [entry('cluster', issuer)], ...more });
const loginOf = async (issuer: Issuer) => ({ role: ROLE, password: await issuer.mint() });

/** Runs a daemon until it has keys on disk. */
async function fillCache(issuer: Issuer): Promise<void> {
  await using daemon = await start(issuer);
  await untilCached(on.host, ['cluster']);
  expect(await daemon.stop()).toBe(0);
}

describe('while the issuer is down', () => {
  it('a daemon that starts with keys on disk grants', async () => {
    await using issuer = await newIssuer();
    await fillCache(issuer);
    await issuer.fail('refuse');
    await using daemon = await start(issuer);
    expect(await tryLogin(on.host.cluster, await loginOf(issuer))).toBe('granted');
    expect(daemon.lines().some(({ level }) => level === 'error')).toBe(false);
  });

  it('for the whole run a daemon without keys cannot decide, says so, and grants when it is back', async () => {
    await using issuer = await newIssuer();
    await issuer.fail('refuse');
    await using daemon = await start(issuer);
    const login = await loginOf(issuer);
    for (let count = 0; count < 3; count++) {
      expect(await expectRefusal(on.host.cluster, login)).toMatch(
        /^unavailable ERR_KEYS_UNAVAILABLE the issuer's keys could not be retrieved, and none are remembered: .* connection refused\. HINT: /,
      );
    }
    expect(await daemon.waitForLine('keys could not be retrieved')).toMatchObject({
      level: 'warn',
      issuer: 'cluster',
    });
    await issuer.recover();
    await poll(
      'a login once the issuer is back',
      async () => (await tryLogin(on.host.cluster, login)) === 'granted' || undefined,
    );
  });

  it('a daemon that has keys goes on, however often it asks in vain', async () => {
    await using issuer = await newIssuer();
    const refreshing = entry('cluster', issuer, { cache: { refreshInterval: '1s' } });
    await using daemon = await on.host.startDaemon({ issuers: [refreshing] });
    const login = await loginOf(issuer);
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
    await issuer.fail('status-500');
    await daemon.waitForLine('keys could not be retrieved');
    expect(await tryLogins(on.host.cluster, login, 20)).toEqual({ granted: 20 });
  });

  it('that hangs, logins of another issuer do not wait', async () => {
    await using hangs = await newIssuer();
    await using works = await newIssuer();
    await hangs.fail('hang');
    const issuers = [
      entry('hangs', hangs, { http: { timeout: '30s' } }),
      entry('works', works, { http: { timeout: '30s' } }),
    ];
    await using _daemon = await on.host.startDaemon({ issuers });
    const [bad, good] = [await loginOf(hangs), await loginOf(works)];
    const ended: string[] = [];
    const hanging = Array.from({ length: 10 }, async () => {
      ended.push(`hangs: ${await tryLogin(on.host.cluster, bad)}`);
    });
    await poll(
      '10 logins that wait',
      async () => (await countWaitingBackends(on.host.cluster)) >= 10 || undefined,
    );
    for (let count = 0; count < 5; count++) {
      ended.push(`works: ${await tryLogin(on.host.cluster, good)}`);
    }
    await Promise.all(hanging);
    // All that could be decided was, before the first of the others came to its deadline.
    expect(ended).toEqual([
      ...Array.from({ length: 5 }, () => 'works: granted'),
      ...Array.from({ length: 10 }, () => `hangs: ${REFUSED}`),
    ]);
  });

  it('what is refused at the deadline is in the audit log as such', async () => {
    await using issuer = await newIssuer();
    await issuer.fail('hang');
    await using daemon = await on.host.startDaemon({
      issuers: [entry('cluster', issuer, { http: { timeout: '30s' } })],
    });
    expect(await expectRefusal(on.host.cluster, await loginOf(issuer))).toMatch(
      /^unavailable ERR_DEADLINE no decision within 2 s/,
    );
    expect(await daemon.waitForLine('decision')).toMatchObject({
      outcome: 'unavailable',
      code: 'ERR_DEADLINE',
      role: ROLE,
      verified: false,
    });
    await issuer.recover();
    await poll(
      'a login once the issuer is back',
      async () =>
        (await tryLogin(on.host.cluster, await loginOf(issuer))) === 'granted' || undefined,
    );
    expect(await daemon.stop()).toBe(0);
    const outcomes = daemon.lines().filter(({ msg }) => msg === 'decision');
    expect(outcomes.filter(({ outcome }) => outcome === 'granted')).toHaveLength(1);
  });
});

describe('a daemon that dies', () => {
  it('with kill -9 amid 50 logins: each ends in time, and later ones work after its restart', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    {
      await using daemon = await start(issuer);
      expect(await tryLogin(on.host.cluster, login)).toBe('granted');
      daemon.signal('SIGSTOP');
      const logins = tryLogins(on.host.cluster, login, 50);
      await poll(
        '50 logins that wait',
        async () => (await countWaitingBackends(on.host.cluster)) >= 50 || undefined,
      );
      daemon.signal('SIGKILL');
      // The module has a deadline of 3 s; that none hangs is what this comes to an end for.
      expect(await logins).toEqual({ [REFUSED]: 50 });
      expect(await daemon.ended).toBe('SIGKILL');
    }
    await using daemon = await start(issuer);
    expect(await tryLogins(on.host.cluster, login, 20)).toEqual({ granted: 20 });
    expect(await daemon.stop()).toBe(0);
    expect(daemon.lines().filter(({ msg }) => msg === 'decision')).toHaveLength(20);
  });

  it('while logins go on: each is granted or refused, and all are granted after its restart', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    const outcomes: string[] = [];
    {
      await using daemon = await start(issuer);
      const logins = Array.from({ length: 50 }, async () => {
        outcomes.push(await tryLogin(on.host.cluster, login));
      });
      await poll(
        'the first decision',
        () => daemon.lines().some(({ msg }) => msg === 'decision') || undefined,
      );
      daemon.signal('SIGKILL');
      await Promise.all(logins);
    }
    const { granted = 0, [REFUSED]: refused = 0 } = countOutcomes(outcomes);
    expect(granted + refused).toBe(50);
    await using daemon = await start(issuer);
    expect(await tryLogins(on.host.cluster, login, 20)).toEqual({ granted: 20 });
    expect(await daemon.waitForLine('decision')).toMatchObject({ outcome: 'granted' });
  });

  it('with kill -9 amid 50 logins and socket activation: none is lost', async () => {
    await on.host.setModuleTimeout(20); // however long a start takes on a busy machine
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    await using daemon = await start(issuer, { activated: true });
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
    const first = await daemon.waitForLine('activated');
    const from = daemon.lines().length;
    process.kill(Number(first['pid']), 'SIGSTOP');
    const logins = tryLogins(on.host.cluster, login, 50);
    await poll(
      '50 logins that wait',
      async () => (await countWaitingBackends(on.host.cluster)) >= 50 || undefined,
    );
    process.kill(Number(first['pid']), 'SIGKILL');
    expect(await logins).toEqual({ granted: 50 });
    const second = await daemon.waitForLine('activated', from);
    expect(second['pid']).not.toBe(first['pid']);
  });

  it('of SIGTERM amid 50 logins and with socket activation ends them first', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    await using daemon = await start(issuer, { activated: true });
    const logins = tryLogins(on.host.cluster, login, 50);
    await poll(
      'the first decision',
      () => daemon.lines().some(({ msg }) => msg === 'decision') || undefined,
    );
    const { pid } = await daemon.waitForLine('activated');
    process.kill(Number(pid), 'SIGTERM');
    const { granted = 0, [REFUSED]: refused = 0 } = await logins;
    expect(granted + refused).toBe(50);
    expect(granted).toBeGreaterThan(0);
    expect(await daemon.ended).toBe(0);
  });

  it('or is stopped with SIGSTOP: logins are refused at the deadline, and granted when it goes on', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    await using daemon = await start(issuer);
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
    daemon.signal('SIGSTOP');
    expect(await expectRefusal(on.host.cluster, login)).toBe(
      `unavailable ERR_DEADLINE no answer in time from the daemon at ${on.host.socket}`,
    );
    daemon.signal('SIGCONT');
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
  });

  it('and is not there at all: logins are refused at once, with what to do', async () => {
    await runChecked('rm', ['-f', on.host.socket]);
    expect(await expectRefusal(on.host.cluster, { role: ROLE, password: 'a.b.c' })).toBe(
      `unavailable ERR_DAEMON_UNREACHABLE no daemon at ${on.host.socket}: No such file or directory. HINT: Start pgtoken.socket, or set mode=exec.`,
    );
  });
});

describe('a key cache on disk', () => {
  it.each<[what: string, spoil: (good: string) => string]>([
    ['truncated', (good) => good.slice(0, good.length / 2)],
    ['empty', () => ''],
    ['garbage', () => '\0\u{FFFD}{{{'],
    ['of another form', () => '{"version":1,"keys":"all","source":7}'],
  ])('that is %s counts as none, and is replaced', async (_what, spoil) => {
    await using issuer = await newIssuer();
    await fillCache(issuer);
    const file = join(on.host.cacheFolder, 'cluster.json');
    const good = await readFile(file, 'utf8');
    await writeFile(file, spoil(good));
    await issuer.fail('refuse');
    const login = await loginOf(issuer);
    await using daemon = await start(issuer);
    expect(await expectRefusal(on.host.cluster, login)).toMatch(
      /^unavailable ERR_KEYS_UNAVAILABLE /,
    );
    await issuer.recover();
    await poll(
      'a login once the issuer is back',
      async () => (await tryLogin(on.host.cluster, login)) === 'granted' || undefined,
    );
    await poll('a good cache', async () => {
      const text = await readFile(file, 'utf8');
      return text.includes(issuer.keys[0]!.kid) || undefined;
    });
    expect(daemon.lines().some(({ level }) => level === 'error')).toBe(false);
  });

  it('that may not be written costs a line in the log and no login', async () => {
    await runChecked('rm', ['-rf', on.host.cacheFolder]);
    await mkdir(on.host.cacheFolder, { mode: 0o555 }); // of whoever runs the tests
    await using issuer = await newIssuer();
    await using daemon = await start(issuer);
    expect(await tryLogin(on.host.cluster, await loginOf(issuer))).toBe('granted');
    const line = await daemon.waitForLine('the key cache on disk cannot be written');
    expect(line['level']).toBe('warn');
    expect(line['reason']).toContain('EACCES');
    await chmod(on.host.cacheFolder, 0o755);
  });

  it('on a disk that is full costs a line in the log and no login', async () => {
    await using issuer = await newIssuer();
    await using daemon = await start(issuer, { fullDisk: true });
    const login = await loginOf(issuer);
    expect(await tryLogins(on.host.cluster, login, 5)).toEqual({ granted: 5 });
    const line = await daemon.waitForLine('the key cache on disk cannot be written');
    expect(line['level']).toBe('warn');
    expect(line['reason']).toContain('EFBIG');
  });

  it('whose file another user may write is not used', async () => {
    await using issuer = await newIssuer();
    await fillCache(issuer);
    await chmod(join(on.host.cacheFolder, 'cluster.json'), 0o666);
    await issuer.fail('refuse');
    await using daemon = await start(issuer);
    expect(await expectRefusal(on.host.cluster, await loginOf(issuer))).toMatch(
      /^unavailable ERR_KEYS_UNAVAILABLE /,
    );
    expect(daemon.lines().some(({ level }) => level === 'error')).toBe(false);
  });
});

describe('too many', () => {
  it('clients for the descriptors it may have: they end in time, and logins work afterwards', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    const port = await findFreePort();
    await using daemon = await start(issuer, {
      wrapper: ['prlimit', '--nofile=64:64', '--'],
      args: ['--metrics', `127.0.0.1:${port}`],
    });
    expect(await tryLogin(on.host.cluster, login)).toBe('granted');
    const silent = Array.from({ length: 150 }, () =>
      connect(on.host.socket).on('error', () => undefined),
    );
    const silentEnded = Promise.all(silent.map(async (socket) => once(socket, 'close')));
    for (const socket of silent) socket.resume();
    const { granted = 0, [REFUSED]: refused = 0 } = await tryLogins(on.host.cluster, login, 20);
    expect(granted + refused).toBe(20);
    // Metrics are asked for in vain at most.
    await Promise.allSettled(
      Array.from({ length: 5 }, async () => fetch(`http://127.0.0.1:${port}/metrics`)),
    );
    await silentEnded;
    expect(await tryLogins(on.host.cluster, login, 20)).toEqual({ granted: 20 });
    expect(await daemon.stop()).toBe(0);
  });

  it('clients that ask nothing: the oldest make room, and logins work', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    await using daemon = await start(issuer, { args: ['--max-connections', '5'] });
    const silent = Array.from({ length: 10 }, () =>
      connect(on.host.socket).on('error', () => undefined),
    );
    const silentEnded = Promise.all(silent.map(async (socket) => once(socket, 'close')));
    for (const socket of silent) socket.resume();
    expect(await daemon.waitForLine('too many connections, one was closed')).toMatchObject({
      level: 'warn',
      maxConnections: 5,
    });
    expect(await tryLogins(on.host.cluster, login, 3)).toEqual({ granted: 3 });
    await silentEnded;
  });

  it('clients for --max-connections: the others are closed, and logins work afterwards', async () => {
    await using issuer = await newIssuer();
    const login = await loginOf(issuer);
    await using daemon = await start(issuer, { args: ['--max-connections', '5'] });
    const silent = Array.from({ length: 10 }, () =>
      connect(on.host.socket).on('error', () => undefined),
    );
    // Closed with bytes unread, which they see as an end or as a reset.
    const silentEnded = Promise.all(
      silent.map(async (socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    for (const socket of silent) {
      socket.resume();
      // They have begun to ask, and never end.
      socket.write('pgtoken/1\0');
    }
    expect(await daemon.waitForLine('too many connections, one was closed')).toMatchObject({
      level: 'warn',
      maxConnections: 5,
    });
    expect(await expectRefusal(on.host.cluster, login)).toMatch(
      /^unavailable ERR_DAEMON_UNREACHABLE 3 connections closed without a reply by the daemon at /,
    );
    await silentEnded;
    expect(await tryLogins(on.host.cluster, login, 3)).toEqual({ granted: 3 });
  });
});
