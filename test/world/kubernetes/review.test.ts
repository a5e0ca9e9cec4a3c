// Pods that are deleted: their logins and their sessions, with review and `revoked` in sessions.end, by a service account with the
// rights of packaging/examples/kubernetes/reviewer.yaml and no others. What the API server itself says is looked at beside it.
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';

import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { type HeldSession, holdSession } from '../../support/hold-session.ts';
import { poll } from '../../support/poll.ts';
import type { DaemonProcess } from '../../support/start-daemon-process.ts';
import { type SessionHost, startSessionHost } from '../../support/start-session-host.ts';
import { createAccountKey } from './create-account-key.ts';
import { assignNode, createAccounts, createNode, createPod } from './create-object.ts';
import { entryFor } from './entry-for.ts';
import { EXAMPLES } from '../machine/install-example.ts';
import { isAccepted } from './is-accepted.ts';
import { publishKeys } from './publish-keys.ts';
import { type BoundObject, requestToken } from './request-token.ts';
import { type ApiServer, startApiServer } from './start-api-server.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ROLE = 'shop:cart';
const RECHECK = 5000;

const peer = inject('peer');
const stack = new AsyncDisposableStack();
let api: ApiServer;
let on: SessionHost;
let daemon: DaemonProcess | undefined;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  api = stack.use(
    await startApiServer({ peer, authority, issuers: [ISSUER], keys: [createAccountKey('RSA')] }),
  );
  await publishKeys(api);
  await api.kubectl(['apply', '-f', join(EXAMPLES, 'kubernetes/reviewer.yaml')]);
  await createAccounts(api, 'shop', ['cart', 'nobody']);
  on = stack.use(await startSessionHost([ROLE]));
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});
afterAll(async () => {
  await stack.disposeAsync();
});

async function start(
  review: Readonly<Record<string, unknown>> = {},
  account = ['pgtoken-reviewer', 'kube-system'],
): Promise<void> {
  const [name = '', namespace = ''] = account;
  const token = await api.kubectl(
    ['create', 'token', name, '--namespace', namespace].concat(['--duration', '1h']),
  );
  await on.host.writeBeside('reviewer.token', token, true);
  const entry = entryFor(api, ISSUER, {
    review: {
      url: api.url,
      bearerTokenFile: 'reviewer.token',
      onError: 'deny',
      recheckEvery: `${RECHECK}ms`,
      ...review,
    },
    sessions: { end: ['revoked'] },
  });
  daemon = await on.host.startDaemon({ issuers: [entry], top: on.top });
}

const tokenOf = async (boundTo: BoundObject): Promise<string> =>
  (await requestToken(api, { namespace: 'shop', serviceAccount: 'cart', boundTo })).token;

async function open(password: string): Promise<HeldSession> {
  const session = await holdSession(async () => on.host.cluster.connect({ role: ROLE, password }));
  stack.defer(async () => session.close());
  return session;
}

/** `granted`, or the reason in PostgreSQL's log. */
async function logIn(password: string): Promise<string> {
  const mark = await on.host.cluster.log.mark();
  try {
    await (await on.host.cluster.connect({ role: ROLE, password })).end();
    return 'granted';
  } catch {
    return poll(
      'the reason',
      async () =>
        /pgtoken: ((?:denied|unavailable) ERR_.*)/.exec(await on.host.cluster.log.since(mark))?.[1],
    );
  }
}

async function deletePod(name: string): Promise<void> {
  await api.kubectl(
    ['delete', 'pod', name, '--namespace', 'shop'].concat(['--force', '--grace-period=0']),
  );
}

const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);

it('a pod logs in with review, by the rights of reviewer.yaml; once it is deleted its session ends and its token is refused, and those of another pod go on', async () => {
  await start({ cacheFor: '0s' });
  const [pod, other] = [
    await createPod(api, 'shop', 'cart', 'a'),
    await createPod(api, 'shop', 'cart', 'b'),
  ];
  const [token, otherToken] = [await tokenOf(pod), await tokenOf(other)];
  const [session, stays] = [await open(token), await open(otherToken)];
  expect(await isAccepted(api, token)).toBe(true);
  const deletedAt = Date.now();
  await deletePod('a');
  const refusedAt = await poll(
    'the API server to refuse it',
    async () => ((await isAccepted(api, token)) ? undefined : Date.now()),
    30_000,
  );
  expect(await logIn(token)).toMatch(/^denied ERR_TOKEN_REVOKED .*has been invalidated/);
  const { at, code } = await session.ended(30_000);
  expect(code).toBe('57P01');
  process.stdout.write(
    `from the deletion of a pod: its session ended after ${seconds(deletedAt, at)} s with recheckEvery 5s, the API server refused its token after ${seconds(deletedAt, refusedAt)} s\n`,
  );
  expect(await logIn(otherToken)).toBe('granted');
  expect(stays.isOpen()).toBe(true);
});

it('the token of a pod that was made again under its name is refused, and that of the new one granted', async () => {
  await start();
  const token = await tokenOf(await createPod(api, 'shop', 'cart', 'c'));
  await deletePod('c');
  const again = await createPod(api, 'shop', 'cart', 'c');
  expect(await logIn(token)).toMatch(/^denied ERR_TOKEN_REVOKED .*UID/);
  expect(await logIn(await tokenOf(again))).toBe('granted');
});

it('a pod that is being deleted keeps its session and its login for as long as the API server accepts its token: a minute longer than it was to last', async () => {
  await start({ cacheFor: '0s' });
  await createNode(api, 'node-1');
  const pod = await createPod(api, 'shop', 'cart', 'd');
  await assignNode(api, 'shop', 'd', 'node-1');
  const token = await tokenOf(pod);
  const session = await open(token);
  // Nobody ends the pod, as there is no kubelet.
  await api.kubectl(
    ['delete', 'pod', 'd', '--namespace', 'shop'].concat(['--wait=false', '--grace-period=2']),
  );
  const deletedAt = Date.now();
  // Twice the time between two looks.
  const stays = session.ended(2 * RECHECK + 2000).catch(() => 'it goes on');
  expect(await stays).toBe('it goes on');
  expect(await logIn(token)).toBe('granted');
  const { at } = await session.ended(90_000);
  expect(at - deletedAt).toBeGreaterThan(58_000);
  await poll(
    'the login to be refused',
    async () => (await logIn(token)) !== 'granted' || undefined,
    30_000,
  );
  process.stdout.write(
    `from the deletion of a pod with a grace period of 2 s that nobody ends: its session ended after ${seconds(deletedAt, at)} s\n`,
  );
});

it('all sessions of a service account that is deleted end', async () => {
  await start();
  const session = await open(await tokenOf(await createPod(api, 'shop', 'cart', 'e')));
  await api.kubectl(['delete', 'serviceaccount', 'cart', '--namespace', 'shop']);
  expect((await session.ended(30_000)).code).toBe('57P01');
  const end = await poll('the line', () =>
    daemon?.lines().find(({ msg }) => msg === 'session ended'),
  );
  expect(end).toMatchObject({
    cause: 'revoked',
    reason: 'service account "shop/cart" is gone, or was made again',
  });
});

it('a service account without the right to ask is answered 403, and the refusal says what it lacks', async () => {
  await api.kubectl(['create', 'serviceaccount', 'cart', '--namespace', 'shop']);
  await start({}, ['nobody', 'shop']);
  const token = await tokenOf(await createPod(api, 'shop', 'cart', 'f'));
  expect(await logIn(token)).toMatch(
    /^unavailable ERR_REVIEW_UNAVAILABLE .* answered 403: our own token \(review.bearerTokenFile\) may not create tokenreviews/,
  );
});

it('a service account that may ask about tokens and not look at pods: logins are reviewed, and sessions of deleted pods go on', async () => {
  await api.kubectl(
    ['create', 'clusterrolebinding', 'nobody-delegates'].concat([
      '--clusterrole=system:auth-delegator',
      '--serviceaccount=shop:nobody',
    ]),
  );
  await start({ cacheFor: '0s' }, ['nobody', 'shop']);
  const token = await tokenOf(await createPod(api, 'shop', 'cart', 'g'));
  const session = await open(token);
  await deletePod('g');
  const line = await daemon?.waitForLine(
    'the API server does not say whether they are there: their sessions go on',
  );
  expect(line?.['reason']).toMatch(
    /answered 403: our own token .* may not get (?:pods|serviceaccounts)$/,
  );
  expect(session.isOpen()).toBe(true);
});
