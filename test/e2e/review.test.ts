// Logins that an API server reviews, on a real server through module and daemon: a pod that is gone has no login and no session,
// and what the API server cannot say decides `onError`. The API server is the stand-in of test/support.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { type HeldSession, holdSession } from '../support/hold-session.ts';
import { poll } from '../support/poll.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import type { DaemonProcess } from '../support/start-daemon-process.ts';
import { type SessionHost, startSessionHost } from '../support/start-session-host.ts';

const ROLE = 'foo:myservice';

const stack = new AsyncDisposableStack();
const tokens = new Set<string>();
let on: SessionHost;
let api: ApiServer;
let authority: { readonly certificate: string };
let daemon: DaemonProcess | undefined;

beforeAll(async () => {
  const made = stack.use(await createCertificateAuthority());
  authority = made;
  on = stack.use(await startSessionHost([ROLE]));
  api = stack.use(await startApiServer(made));
  await on.host.writeBeside('reviewer.token', `${api.reviewer.token}\n`, true);
});
afterEach(async () => {
  api.fail(undefined);
  await daemon?.stop();
  const output = daemon?.output() ?? '';
  daemon = undefined;
  // Whatever the API server has echoed, and our own token.
  for (const token of [...tokens, api.reviewer.token]) {
    if (token.split('.').some((part) => output.includes(part))) throw new Error('it has a token');
  }
});
afterAll(async () => {
  await stack.disposeAsync();
});

async function start(review: Readonly<Record<string, unknown>> = {}): Promise<DaemonProcess> {
  const entry = on.entry(
    { end: ['revoked'] },
    {
      // Both are trusted: that of the issuer and that of the API server.
      issuer: {
        url: on.issuer.url,
        audiences: ['postgres'],
        certificateAuthority: `${on.issuer.certificateAuthority}\n${authority.certificate}`,
      },
      review: {
        url: api.url,
        bearerTokenFile: 'reviewer.token',
        onError: 'deny',
        cacheFor: '0s',
        recheckEvery: '5s',
        timeout: '1500ms',
        ...review,
      },
    },
  );
  daemon = await on.host.startDaemon({ issuers: [entry], top: on.top });
  return daemon;
}

async function mintToken(pod: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const token = await on.issuer.mint({
    sub: `system:serviceaccount:${ROLE}`,
    iat: now,
    exp: now + 600,
    'kubernetes.io': api.claimsOf('foo', 'myservice', pod),
  });
  tokens.add(token);
  return token;
}

async function open(password: string): Promise<HeldSession> {
  return holdSession(async () => on.host.cluster.connect({ role: ROLE, password }));
}

/** How a login ends: `granted`, or the reply that PostgreSQL's log has. */
async function logIn(password: string): Promise<string> {
  const mark = await on.host.cluster.log.mark();
  try {
    const client = await on.host.cluster.connect({ role: ROLE, password });
    await client.end();
    return 'granted';
  } catch {
    return poll(
      'the reason',
      async () =>
        /pgtoken: ((?:denied|unavailable) ERR_.*)/.exec(await on.host.cluster.log.since(mark))?.[1],
    );
  }
}

const decisions = () => (daemon?.lines() ?? []).filter(({ msg }) => msg === 'decision');

it('a pod that is deleted loses its session and its login, and another pod neither', async () => {
  api.create('serviceaccounts', 'foo', 'myservice');
  for (const pod of ['web-0', 'web-1']) api.create('pods', 'foo', pod);
  await start();
  const [token, other] = [await mintToken('web-0'), await mintToken('web-1')];
  const [session, stays] = [await open(token), await open(other)];
  await poll('both decisions', () => decisions()[1]);
  expect(decisions()).toMatchObject([
    { outcome: 'granted', review: 'yes' },
    { outcome: 'granted', review: 'yes' },
  ]);
  api.delete('pods', 'foo', 'web-0');
  api.forget();
  expect(await logIn(token)).toMatch(
    /^denied ERR_TOKEN_REVOKED the API server does not accept the token any more: .*HINT: /,
  );
  expect((await session.ended(15_000)).code).toBe('57P01');
  const end = await poll('the line of its end', () =>
    daemon?.lines().find(({ msg }) => msg === 'session ended'),
  );
  expect(end).toMatchObject({
    cause: 'revoked',
    code: 'ERR_TOKEN_REVOKED',
    reason: 'pod "foo/web-0" is gone, or was made again',
    pid: session.pid,
    pod: 'web-0',
  });

  // A token of the pod that is of that name now is another.
  api.create('pods', 'foo', 'web-0');
  expect(await logIn(token)).toMatch(/^denied ERR_TOKEN_REVOKED .*UID/);
  expect(await logIn(await mintToken('web-0'))).toBe('granted');
  expect(stays.isOpen()).toBe(true);
  await stays.close();
});

it('a reviewer that is not let in is told as ours: with onError deny nobody logs in, and open sessions go on', async () => {
  await start();
  const token = await mintToken('web-1');
  const session = await open(token);
  api.fail('unauthorized');
  expect(await logIn(token)).toMatch(
    /^unavailable ERR_REVIEW_UNAVAILABLE .* answered 401 to our own token \(review.bearerTokenFile\)/,
  );
  expect(await daemon?.waitForLine('the API server cannot be asked')).toMatchObject({
    level: 'error',
    issuer: 'cluster',
    onError: 'deny',
  });
  const line = await daemon?.waitForLine(
    'the API server does not say whether they are there: their sessions go on',
  );
  expect(line).toMatchObject({ level: 'error', issuer: 'cluster' });
  expect(session.isOpen()).toBe(true);
  api.fail(undefined);
  expect(await logIn(token)).toBe('granted');
  await daemon?.waitForLine('the API server can be asked again');
  await session.close();
});

it('with onError allow logins are granted then, and that is recorded; a no is still a no', async () => {
  // What hangs has to be given up before the daemon's deadline.
  await start({ onError: 'allow', timeout: '1s' });
  const token = await mintToken('web-1');
  api.fail('unauthorized');
  expect(await logIn(token)).toBe('granted');
  expect(await poll('the decision', () => decisions()[0])).toMatchObject({
    outcome: 'granted',
    review: 'unavailable',
  });
  expect(await daemon?.waitForLine('the API server cannot be asked')).toMatchObject({
    onError: 'allow',
  });
  api.fail('hang');
  expect(await logIn(token)).toBe('granted');
  api.fail(undefined);
  api.delete('pods', 'foo', 'web-1');
  api.forget();
  expect(await logIn(token)).toMatch(/^denied ERR_TOKEN_REVOKED /);
});

it('pgtoken pam reviews as well, and pgtoken explain where it is told to', async () => {
  // A busy machine takes longer to make a connection than one that is kept.
  await start({ timeout: '3s' });
  api.create('pods', 'foo', 'web-2');
  const token = await mintToken('web-2');
  const config = on.host.installation.config;
  // The command runs as whoever runs the tests, who must own the file.
  const home = { HOME: on.host.installation.folder };
  const env = { ...home, PAM_USER: ROLE, PAM_SERVICE: 'postgresql-k8s', PAM_TYPE: 'auth' };
  const pam = async () =>
    runPgtoken(['pam', '--config', config, '--timeout', '60s'], { env, stdin: token });
  const explain = async (...more: readonly string[]) =>
    runPgtoken(['explain', '--role', ROLE, '--config', config, ...more], {
      env: home,
      stdin: token,
    });

  await on.host.writeBeside('reviewer.token', `${api.reviewer.token}\n`);
  expect(await pam()).toMatchObject({ status: 0, stderr: '' });
  expect(await explain('--review')).toMatchObject({ status: 0 });
  const unasked = await explain();
  expect(unasked.status).toBe(2);
  expect(unasked.stdout).toContain('not asked');
  api.delete('pods', 'foo', 'web-2');
  api.forget();
  const refused = await pam();
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining('ERR_TOKEN_REVOKED'),
  ]);
  const shown = await explain('--review');
  expect([shown.status, shown.stdout]).toEqual([
    1,
    expect.stringMatching(/FAIL review +the API server does not accept/),
  ]);
});
