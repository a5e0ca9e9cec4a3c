// Logins through the daemon, as it ships: PostgreSQL, the module in mode=daemon, pgtoken serve as a user of its own. In the
// end every byte that any of them wrote is searched for the tokens that were used.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { findTraces } from '../support/find-traces.ts';
import { createIssuer, type Issuer, type MintOptions } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { DAEMON_SERVICE, startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../support/start-daemon-process.ts';
import { countOutcomes, tryLogin, tryLogins } from '../support/try-logins.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';
const stack = new AsyncDisposableStack();
const tokens: string[] = [];
let issuer: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;
/** All that ran, for what they wrote. */
const daemons: DaemonProcess[] = [];
let metricsPort: number;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  issuer = stack.use(await createIssuer(authority, { algorithms: ['ES256', 'RS256'] }));
  host = stack.use(await startDaemonHost([ROLE, 'foo:other']));
  metricsPort = await findFreePort();
  daemon = stack.use(
    await host.startDaemon({
      issuers: [
        {
          name: 'cluster',
          issuer: {
            url: issuer.url,
            certificateAuthority: issuer.certificateAuthority,
            audiences: ['postgres'],
          },
          roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
          cache: { refreshInterval: '1s' },
        },
      ],
      args: ['--metrics', `127.0.0.1:${metricsPort}`],
    }),
  );
  daemons.push(daemon);
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** A token, remembered so that its traces can be looked for. */
async function mint(
  claims?: Readonly<Record<string, unknown>>,
  options?: MintOptions,
): Promise<string> {
  const token = await issuer.mint(claims, options);
  tokens.push(token);
  return token;
}

/** The audit line of the decision that the action leads to; its way to us may be longer than the client's. */
async function decisionOf(action: () => Promise<unknown>): Promise<LogLine> {
  const from = daemon.lines().length;
  await action();
  return daemon.waitForLine('decision', from);
}

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}

/** When the daemon last asked the issuer, in seconds, by its own clock. */
async function attemptedAt(): Promise<number> {
  const record: unknown = JSON.parse(
    await readFile(join(host.cacheFolder, 'cluster.json'), 'utf8'),
  );
  return z.object({ attemptedAt: z.number() }).parse(record).attemptedAt;
}

describe.each(['tcp', 'socket'] as const)('over %s', (over) => {
  it.each(['ES256', 'RS256'])('a token signed with %s logs in with psql', async (key) => {
    const password = await mint({}, { key });
    const line = await decisionOf(async () => {
      expect(await host.cluster.psql({ role: ROLE, password, over })).toMatchObject({
        status: 0,
        stdout: `${ROLE}\n`,
        stderr: '',
      });
    });
    expect(line).toMatchObject({
      outcome: 'granted',
      role: ROLE,
      service: DAEMON_SERVICE,
      issuer: 'cluster',
      verified: true,
      sub: 'system:serviceaccount:foo:myservice',
      ...(over === 'tcp' ? { rhost: '127.0.0.1' } : {}),
    });
    expect('rhost' in line).toBe(over === 'tcp');
  });

  it('a token logs in with the pg driver', async () => {
    const login = { role: ROLE, password: await mint(), over };
    const line = await decisionOf(async () => {
      expect(await tryLogin(host.cluster, login)).toBe('granted');
    });
    expect(line).toMatchObject({ outcome: 'granted', role: ROLE });
  });

  it('the role of another subject is refused, with the reason in the log of PostgreSQL', async () => {
    const login = { role: 'foo:other', password: await mint(), over };
    const line = await decisionOf(async () => {
      expect(await expectRefusal(host.cluster, login)).toMatch(
        /^denied ERR_ROLE_NOT_PERMITTED role "foo:other" asked for, and the token may only be "foo:myservice"/,
      );
    });
    expect(line).toMatchObject({
      outcome: 'denied',
      code: 'ERR_ROLE_NOT_PERMITTED',
      role: 'foo:other',
    });
  });
});

it.each<[what: string, password: () => Promise<string>, reason: RegExp]>([
  ['an ordinary password', async () => 'correct horse battery staple', /^denied ERR_NOT_A_TOKEN /],
  [
    'an expired token',
    async () => mint({}, { now: Math.floor(Date.now() / 1000) - 4200 }),
    /^denied ERR_TOKEN_EXPIRED /,
  ],
  [
    'a token with another signature',
    async () => {
      const [own, other] = [await mint(), await mint({ jti: 'other' })];
      return own.slice(0, own.lastIndexOf('.')) + other.slice(other.lastIndexOf('.'));
    },
    /^denied ERR_SIGNATURE_INVALID /,
  ],
  [
    'a token whose key nobody knows',
    async () => mint({}, { header: { kid: 'unknown' } }),
    /^denied ERR_KEY_UNKNOWN the issuer has 2 keys, none with kid "unknown"/,
  ],
  ['a token over 16 KiB', async () => mint({}, { bytes: 20_000 }), /^denied ERR_TOKEN_TOO_LARGE /],
])('%s is refused', async (_what, password, reason) => {
  const login = { role: ROLE, password: await password() };
  tokens.push(login.password);
  expect(await expectRefusal(host.cluster, login)).toMatch(reason);
});

it('a token of 16,000 bytes comes whole', async () => {
  const password = await mint({}, { bytes: 16_000 });
  expect(await tryLogin(host.cluster, { role: ROLE, password })).toBe('granted');
});

it('200 logins at once are all granted', async () => {
  const login = { role: ROLE, password: await mint() };
  expect(await tryLogins(host.cluster, login, 200)).toEqual({ granted: 200 });
});

it('different unknown kids from 100 clients at once cost at most one retrieval for each cooldown', async () => {
  // The cooldown of 30 s has begun with the unknown kid above or begins here; a refresh comes every second besides.
  const [from, before] = [await attemptedAt(), issuer.requestCount('jwks')];
  const logins = await Promise.all(
    Array.from({ length: 100 }, async (_, at) =>
      tryLogin(host.cluster, {
        role: ROLE,
        password: await mint({}, { key: 'ES256', header: { kid: `unknown-${at}` } }),
      }),
    ),
  );
  expect(countOutcomes(logins)).toEqual({ [`PAM authentication failed for user "${ROLE}"`]: 100 });
  const fetched = issuer.requestCount('jwks') - before;
  // Refreshes are 0.9 s apart at least.
  expect(fetched).toBeLessThanOrEqual(2 + ((await attemptedAt()) - from) / 0.9);
});

describe('keys rotate', () => {
  it('while 8 clients log in without pause: nobody is refused whose key is published', async () => {
    // A daemon whose cooldown nobody has used up.
    await daemon.stop();
    daemon = stack.use(await host.startDaemon({ args: ['--metrics', `127.0.0.1:${metricsPort}`] }));
    daemons.push(daemon);
    let current = [await mint({}, { key: 'ES256' })];
    const abort = new AbortController();
    const outcomes: string[] = [];
    const clients = Array.from({ length: 8 }, async () => {
      while (!abort.signal.aborted) {
        const password = current[outcomes.length % current.length]!;
        outcomes.push(await tryLogin(host.cluster, { role: ROLE, password }));
      }
    });
    const untilMore = async (count: number): Promise<void> => {
      const enough = outcomes.length + count;
      await poll('more logins', () => outcomes.length >= enough || undefined);
    };
    await untilMore(20);
    const [oldToken] = current;
    const oldKey = issuer.keys.find((key) => key.algorithm === 'ES256')!;
    const newKey = await issuer.addKey('ES256');
    current = [oldToken!, await mint({}, { key: newKey.kid })];
    await untilMore(60);
    current = current.slice(1);
    await untilMore(16); // no login with the old one is under way any more
    issuer.removeKey(oldKey.kid);
    await untilMore(40);
    abort.abort();
    await Promise.all(clients);
    expect(countOutcomes(outcomes)).toEqual({ granted: outcomes.length });

    // The key that is gone stops with the next refresh, at the latest.
    const published = issuer.requestCount('jwks');
    await poll('the next refresh', () => issuer.requestCount('jwks') >= published + 2 || undefined);
    const login = { role: ROLE, password: oldToken! };
    expect(await expectRefusal(host.cluster, login)).toMatch(
      /^denied ERR_KEY_UNKNOWN the issuer has 2 keys, none with kid "es256-1"/,
    );
  });
});

it('metrics count what happened, by names that are not of tokens', async () => {
  const text = await metrics();
  expect(text).toMatch(
    /^pgtoken_decisions_total\{outcome="granted",code="",issuer="cluster",via="pam"\} \d+$/m,
  );
  expect(text).toMatch(/^pgtoken_keys\{issuer="cluster"\} 2$/m);
  expect(text).toMatch(/^pgtoken_config_last_reload_successful 1$/m);
});

it('no part of any token is in any byte that daemon, helper, module or PostgreSQL wrote', async () => {
  // The helper decides a few as well.
  const { helper, config, module } = host.installation;
  const line = `${module} mode=exec helper=${helper} config=${config}`;
  await host.cluster.setPAMService(
    DAEMON_SERVICE,
    `auth required ${line}\naccount required ${line}\n`,
  );
  expect(await tryLogin(host.cluster, { role: ROLE, password: await mint() })).toBe('granted');
  const refused = { role: 'foo:other', password: await mint() };
  expect(await expectRefusal(host.cluster, refused)).toMatch(/^denied ERR_ROLE_NOT_PERMITTED /);

  const files = await readdir(host.cacheFolder);
  expect(files).toEqual(['cluster.json']);
  const written = [
    await host.cluster.log.since(),
    ...daemons.map((one) => one.output()),
    await metrics(),
    await readFile(join(host.cacheFolder, 'cluster.json'), 'utf8'),
  ];
  for (const text of written) expect(text.length).toBeGreaterThan(500);
  expect(tokens.length).toBeGreaterThan(100);
  expect(written.flatMap((text) => findTraces(text, tokens))).toEqual([]);
});
