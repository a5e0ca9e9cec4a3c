// A key that its issuer replaces under the same kid: the next login works, and whoever sends forged tokens of that kid costs the
// issuer one retrieval for each cooldown. And a login that waits for an issuer while the configuration is loaded again.
import { expect, it } from 'vitest';

import { askDaemon } from '../support/ask-daemon.ts';
import { countWaitingBackends } from '../support/count-waiting-backends.ts';
import { entryOf } from '../support/entry-of.ts';
import type { Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { DAEMON_SERVICE } from '../support/start-daemon-host.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { tryLogin } from '../support/try-logins.ts';
import { useDaemonHost } from '../support/use-daemon-host.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';

const ROLE = 'foo:myservice';
const INVALID = `denied ERR_SIGNATURE_INVALID the signature does not verify with the issuer's key "rs256-1" (RS256). HINT: The token was changed on its way, or another issuer uses the same key ID.`;

const on = useDaemonHost(ROLE, { moduleTimeout: 50 });

/** Nothing is retrieved but what logins bring about. */
const entry = (issuer: Issuer, more: Readonly<Record<string, unknown>> = {}) =>
  entryOf('cluster', issuer, {
    http: { timeout: '40s' },
    cache: { refreshInterval: '7d', maxStale: '7d', unknownKeyCooldown: '1d' },
    ...more,
  });
const login = async (password: string): Promise<string> =>
  tryLogin(on.host.cluster, { role: ROLE, password });
const ask = async (token: string): Promise<string> =>
  askDaemon(on.host.socket, { user: ROLE, service: DAEMON_SERVICE, token });

it('a token by a key that was replaced under its kid is granted at once, and one by the old key is not', async () => {
  await using issuer = await on.newIssuer({});
  await using _daemon = await on.host.startDaemon({
    issuers: [entry(issuer)],
    args: ['--deadline=45s'],
  });
  const old = await issuer.mint();
  expect(await login(old)).toBe('granted');
  await issuer.replaceKey('rs256-1');
  const before = issuer.requestCount('jwks');
  expect(await login(await issuer.mint())).toBe('granted');
  expect(issuer.requestCount('jwks')).toBe(before + 1);
  expect(await ask(old)).toBe(INVALID);
  expect(issuer.requestCount('jwks')).toBe(before + 1);
});

it('forged tokens of a published kid cost one retrieval within the cooldown', async () => {
  await using issuer = await on.newIssuer({});
  await using stranger = await on.newIssuer({});
  await using _daemon = await on.host.startDaemon({
    issuers: [entry(issuer)],
    args: ['--deadline=45s'],
  });
  expect(await login(await issuer.mint())).toBe('granted');
  const before = issuer.requestCount('jwks');
  const forged = await Promise.all(
    Array.from({ length: 200 }, async (_, at) =>
      stranger.mint({ iss: issuer.url, jti: String(at) }),
    ),
  );
  expect(new Set(await Promise.all(forged.map(ask)))).toEqual(new Set([INVALID]));
  expect(issuer.requestCount('jwks')).toBe(before + 1);
  expect(await login(await issuer.mint())).toBe('granted');
});

it('a login that waits for its issuer while the configuration is loaded again gets the answer', async () => {
  await using issuer = await on.newIssuer({});
  await using daemon = await on.host.startDaemon({
    issuers: [entry(issuer)],
    args: ['--deadline=45s'],
  });
  expect(await login(await issuer.mint())).toBe('granted');
  const key = await issuer.addKey('ES256');
  const release = issuer.hold();
  const waiting = login(await issuer.mint({}, { key: key.kid }));
  await poll(
    'a login that waits',
    async () => (await countWaitingBackends(on.host.cluster)) >= 1 || undefined,
  );
  const from = daemon.lines().length;
  await on.host.installation.writeConfig(
    writeIssuersYAML([entry(issuer, { http: { timeout: '41s' } })]),
  );
  await daemon.waitForLine('configuration in force', from);
  release();
  expect(await waiting).toBe('granted');
});

it('pgtoken pam follows a key that was replaced under its kid as well', async () => {
  await using issuer = await on.newIssuer({});
  await using home = await createTemporaryFolder('home');
  await on.host.installation.writeConfig(writeIssuersYAML([entry(issuer)]));
  const decide = async (token: string) =>
    runPgtoken(['pam', '--config', on.host.installation.config, '--timeout', '30s'], {
      env: { PAM_USER: ROLE, PAM_SERVICE: DAEMON_SERVICE, HOME: home.path },
      stdin: token,
    });
  const old = await issuer.mint();
  expect(await decide(old)).toMatchObject({ status: 0 });
  await issuer.replaceKey('rs256-1');
  expect(await decide(await issuer.mint())).toMatchObject({ status: 0 });
  expect(await decide(old)).toMatchObject({ status: 1, stderr: `${INVALID}\n` });
  expect(issuer.requestCount('jwks')).toBe(2);
});
