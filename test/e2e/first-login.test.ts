// What the first login after the daemon's start costs the issuer: one discovery document and one key set, whoever waits.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { countWaitingBackends } from '../support/count-waiting-backends.ts';
import { entryOf } from '../support/entry-of.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { startDaemonHost, untilCached, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin, tryLogins } from '../support/try-logins.ts';

const ROLE = 'foo:myservice';
/** All the requests of one round, in order. */
const ONE_ROUND = ['/.well-known/openid-configuration', '/keys'];

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let host: DaemonHost;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  host = stack.use(await startDaemonHost([ROLE]));
  await host.setModuleTimeout(40);
});

afterAll(async () => {
  await stack.disposeAsync();
});

beforeEach(async () => {
  await host.clearCache();
});

const newIssuer = async (): Promise<Issuer> => createIssuer(authority, { algorithms: ['ES256'] });
const start = async (issuer: Issuer): Promise<DaemonProcess> =>
  host.startDaemon({
    issuers: [entryOf('cluster', issuer, { http: { timeout: '30s' } })],
    args: ['--deadline=35s'],
  });
const loginOf = async (issuer: Issuer) => ({ role: ROLE, password: await issuer.mint() });
const pathsOf = (issuer: Issuer): readonly string[] => issuer.requests.map(({ path }) => path);

it('one login, with the issuer up and an empty cache: one round', async () => {
  await using issuer = await newIssuer();
  await using daemon = await start(issuer);
  expect(await tryLogin(host.cluster, await loginOf(issuer))).toBe('granted');
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
  expect(await daemon.stop()).toBe(0);
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
});

it('50 logins at once that all wait for the issuer: one round, and all are granted', async () => {
  await using issuer = await newIssuer();
  const answer = issuer.hold();
  await using daemon = await start(issuer);
  const logins = tryLogins(host.cluster, await loginOf(issuer), 50);
  await poll(
    '50 logins that wait',
    async () => (await countWaitingBackends(host.cluster)) >= 50 || undefined,
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
    await untilCached(host, ['cluster']);
    expect(await daemon.stop()).toBe(0);
  }
  await using daemon = await start(issuer);
  expect(await tryLogins(host.cluster, await loginOf(issuer), 20)).toEqual({ granted: 20 });
  expect(await daemon.stop()).toBe(0);
  expect(pathsOf(issuer)).toEqual(ONE_ROUND);
});
