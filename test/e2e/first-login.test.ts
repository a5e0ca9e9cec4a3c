// What the first login after the daemon's start costs the issuer: one discovery document and one key set, whoever waits.
import { expect, it } from 'vitest';

import { countWaitingBackends } from '../support/count-waiting-backends.ts';
import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { untilCached } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin, tryLogins } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';

const ROLE = 'foo:myservice';
/** All the requests of one round, in order. */
const ONE_ROUND = ['/.well-known/openid-configuration', '/keys'];

const on = useDaemonHost(ROLE, { moduleTimeout: 40 });

const { newIssuer } = on;
const start = async (issuer: Issuer): Promise<DaemonProcess> =>
  on.host.startDaemon({
    issuers: [entryOf('cluster', issuer, { http: { timeout: '30s' } })],
    args: ['--deadline=35s'],
  });
const loginOf = async (issuer: Issuer) => ({ role: ROLE, password: await issuer.mint() });
const pathsOf = (issuer: Issuer): readonly string[] => issuer.requests.map(({ path }) => path);

it('one login, with the issuer up and an empty cache: one round', async () => {
  await using issuer = await newIssuer();
  await using daemon = await start(issuer);
  expect(await tryLogin(on.host.cluster, await loginOf(issuer))).toBe('granted');
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
  expect(await daemon.stop()).toBe(0);
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
});

it('50 logins at once that all wait for the issuer: one round, and all are granted', async () => {
  await using issuer = await newIssuer();
  const answer = issuer.hold();
  await using daemon = await start(issuer);
  const logins = tryLogins(on.host.cluster, await loginOf(issuer), 50);
  await poll(
    '50 logins that wait',
    async () => (await countWaitingBackends(on.host.cluster)) >= 50 || undefined,
  );
  expect(pathsOf(issuer)).toEqual(ONE_ROUND.slice(0, 1));
  answer();
  expect(await logins).toEqual({ granted: 50 });
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
  expect(await daemon.stop()).toBe(0);
  expect(daemon.lines().filter(({ outcome }) => outcome === 'granted')).toHaveLength(50);
});

it('with keys on disk: none', async () => {
  await using issuer = await newIssuer();
  {
    await using daemon = await start(issuer);
    await untilCached(on.host, ['cluster']);
    expect(await daemon.stop()).toBe(0);
  }
  await using daemon = await start(issuer);
  expect(await tryLogins(on.host.cluster, await loginOf(issuer), 20)).toEqual({ granted: 20 });
  expect(await daemon.stop()).toBe(0);
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
});
