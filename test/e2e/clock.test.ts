// The wall clock is set, by hours, while the daemon runs. Tokens are judged by what it shows; keys neither age by it nor get
// younger. Ages are compared with time that passed here, which is more than passed for the daemon since.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createSteppedClock, type SteppedClock } from '../support/create-stepped-clock.ts';
import { entryOf } from '../support/entry-of.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { startDaemonHost, untilCached, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { tryLogin } from '../support/try-logins.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';
const HOUR = 3600;

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let host: DaemonHost;
let metricsPort: number;

beforeAll(async () => {
  // Its certificates are valid whatever the daemon's clock shows here.
  const past = stack.use(await createSteppedClock());
  await past.setOffset(-72 * HOUR);
  authority = stack.use(await createCertificateAuthority({ wrapper: past.wrapper }));
  host = stack.use(await startDaemonHost([ROLE]));
  metricsPort = await findFreePort();
});

afterAll(async () => {
  await stack.disposeAsync();
});

beforeEach(async () => {
  await host.clearCache();
});

const newIssuer = async (): Promise<Issuer> => createIssuer(authority, { algorithms: ['ES256'] });

async function start(
  issuer: Issuer,
  clock: SteppedClock,
  cache: Readonly<Record<string, unknown>> = { refreshInterval: '1h' },
): Promise<DaemonProcess> {
  return host.startDaemon({
    issuers: [entryOf('cluster', issuer, { cache })],
    wrapper: clock.wrapper,
    args: ['--metrics', `127.0.0.1:${metricsPort}`],
  });
}

/** A login with a token that is issued at this moment of the clock. */
async function loginOf(issuer: Issuer, clock: SteppedClock, options: MintOptions = {}) {
  const now = Math.floor(clock.now());
  return { role: ROLE, password: await issuer.mint({}, { ...options, now }), now };
}

/** The age of the keys in seconds, as the daemon counts it. */
async function keyAge(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const [, age] = /^pgtoken_key_age_seconds\{issuer="cluster"\} (\S+)$/m.exec(text) ?? [];
  return Number(age);
}

/** How a message writes a time: in whole seconds. */
const timeOf = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

/** The `now …` of a message, which must be what the clock shows between these two moments. */
function expectTime(message: string, from: number, to: number): void {
  const [, now = ''] = /, now (\S+), /.exec(message) ?? [];
  const seconds = Date.parse(now) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(Math.floor(from));
  expect(seconds).toBeLessThanOrEqual(to);
}

describe.each([
  { way: 'forwards', hours: 25, refused: /^denied ERR_TOKEN_EXPIRED the token expired / },
  {
    way: 'backwards',
    hours: -25,
    refused: /^denied ERR_TOKEN_NOT_YET_VALID the token is not valid for another /,
  },
])('set $way by 25 hours', ({ way, hours, refused }) => {
  it('judges tokens by the new time, with the keys it has, and asks nobody', async () => {
    await using clock = await createSteppedClock();
    await using issuer = await newIssuer();
    const begin = performance.now();
    await using daemon = await start(issuer, clock);
    const before = await loginOf(issuer, clock);
    // Its signature is remembered from here on.
    expect(await tryLogin(host.cluster, before)).toBe('granted');
    await issuer.fail('refuse'); // whoever takes its keys for old has none
    const asked = issuer.requests.length;

    await clock.setOffset(hours * HOUR);
    const from = clock.now();
    const reason = await expectRefusal(host.cluster, before);
    const to = clock.now();
    expect(reason).toMatch(refused);
    expectTime(reason, from, to);
    const { now } = before;
    expect(reason).toContain(
      way === 'forwards' ? ` ago (exp ${timeOf(now + 600)}, now ` : ` (nbf ${timeOf(now)}, now `,
    );
    expect(reason.slice(reason.indexOf(', clockSkew'))).toBe(
      `, clockSkew 30 s). HINT: ${
        way === 'forwards'
          ? 'Get a new token; if this one is new, compare the clocks.'
          : 'The clock of this host is behind, or that of the issuer ahead: check both.'
      }`,
    );
    expect(await tryLogin(host.cluster, await loginOf(issuer, clock))).toBe('granted');

    const age = await keyAge();
    expect(age).toBeGreaterThan(0);
    expect(age).toBeLessThanOrEqual((performance.now() - begin) / 1000);
    expect(issuer.requests.length).toBe(asked);

    // And back again.
    await clock.setOffset(0);
    expect(await tryLogin(host.cluster, before)).toBe('granted');
    expect(await daemon.stop()).toBe(0);
    expect(daemon.lines().filter(({ msg }) => msg === 'keys could not be retrieved')).toEqual([]);
    const times = daemon
      .lines()
      .filter(({ msg }) => msg === 'decision')
      .map(({ time, outcome }) => [
        outcome,
        Math.round((Date.parse(String(time)) / 1000 - now) / HOUR),
      ]);
    expect(times).toEqual([
      ['granted', 0],
      ['denied', hours],
      ['granted', hours],
      ['granted', 0],
    ]);
  });

  it('refreshes its keys as before, and a key that was removed stops working', async () => {
    await using clock = await createSteppedClock();
    await using issuer = await newIssuer();
    await using _daemon = await start(issuer, clock, { refreshInterval: '1s' });
    expect(await tryLogin(host.cluster, await loginOf(issuer, clock))).toBe('granted');
    await clock.setOffset(hours * HOUR);
    const [gone] = issuer.keys;
    const login = await loginOf(issuer, clock);
    await issuer.addKey('ES256');
    issuer.removeKey(gone!.kid);
    const asked = issuer.requestCount('jwks');
    await poll('two refreshes', () => issuer.requestCount('jwks') >= asked + 2 || undefined);
    expect(await expectRefusal(host.cluster, login)).toBe(
      `denied ERR_KEY_UNKNOWN the issuer has one key, whose kid is not "${gone!.kid}". HINT: ` +
        'The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.',
    );
    expect(await tryLogin(host.cluster, await loginOf(issuer, clock))).toBe('granted');
  });

  it('does not end the cooldown of unknown keys', async () => {
    await using clock = await createSteppedClock();
    await using issuer = await newIssuer();
    await using _daemon = await start(issuer, clock, {
      refreshInterval: '1h',
      unknownKeyCooldown: '1h',
    });
    expect(await tryLogin(host.cluster, await loginOf(issuer, clock))).toBe('granted');
    const asked = issuer.requestCount('jwks');
    for (const offset of [0, hours * HOUR, 0]) {
      await clock.setOffset(offset);
      const login = await loginOf(issuer, clock, { header: { kid: `unknown-at-${offset}` } });
      expect(await expectRefusal(host.cluster, login)).toMatch(/^denied ERR_KEY_UNKNOWN /);
    }
    expect(issuer.requestCount('jwks')).toBe(asked + 1);
  });
});

it('does not believe keys on disk that are from the future, until the issuer confirms them', async () => {
  await using clock = await createSteppedClock();
  await using issuer = await newIssuer();
  {
    await using daemon = await start(issuer, clock);
    await untilCached(host, ['cluster']);
    expect(await daemon.stop()).toBe(0);
  }
  await clock.setOffset(-3 * HOUR);
  await issuer.fail('status-500');
  await using _daemon = await start(issuer, clock);
  const login = await loginOf(issuer, clock);
  expect(await expectRefusal(host.cluster, login)).toBe(
    "unavailable ERR_KEYS_UNAVAILABLE the issuer's keys could not be retrieved, and those remembered are from the future, " +
      `as if the clock had been set back: ${issuer.discoveryURL} answered 500; expected 200. HINT: ` +
      'Ask who runs the issuer, or what stands in front of it; it is asked again by itself.',
  );
  await issuer.recover();
  await poll(
    'a login once the issuer answers',
    async () => (await tryLogin(host.cluster, login)) === 'granted' || undefined,
  );
});
