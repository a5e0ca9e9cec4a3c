// Many populations at one server: two clusters that call themselves the same, SPIFFE workloads, people and CI jobs, each with its
// own keys and way to them, its own PAM service and its own roles. Real HTTPS servers, a proxy, PostgreSQL and psql.
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type AnswerServer, json, startAnswerServer } from '../support/answer-server.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { type ConnectProxy, createConnectProxy } from '../support/connect-proxy.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import type { Login } from '../support/postgres-cluster.ts';
import { signToken } from '../support/sign-token.ts';
import { createSigningKey, type SigningKey } from '../support/signing-key.ts';
import { startDaemonHost, untilCached, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../support/start-daemon-process.ts';
import { expectRefusal } from './expect-refusal.ts';

/** What a cluster calls itself unless somebody gives it a name. */
const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const TENANT = 'example.com';

const PEOPLE = 'postgresql-people';
const SPIFFE = 'postgresql-spiffe';
const CI = 'postgresql-ci';
const SERVICES = {
  [PEOPLE]: ['dba_ro', 'auditor'],
  [SPIFFE]: ['web'],
  [CI]: ['deploy'],
};

/** When the tests began, Unix time in seconds. */
const START = Math.floor(Date.now() / 1000);
const formatTime = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

type Claims = Readonly<Record<string, unknown>>;

const stack = new AsyncDisposableStack();
const keys = {
  eu: await createSigningKey('RS256', 'eu-1'),
  us: await createSigningKey('RS256', 'us-1'),
  svid: await createSigningKey('ES256', 'svid-1'),
  // In the bundle too, for certificates.
  x509: await createSigningKey('ES256', 'x509-1'),
};
/** The API servers of both clusters, and the bundle endpoint. */
let eu: AnswerServer;
let us: AnswerServer;
let spire: AnswerServer;
/** Through this alone `us` is asked. */
let proxy: ConnectProxy;
let people: Issuer;
let ci: Issuer;
let host: DaemonHost;
let daemon: DaemonProcess;
let bearerTokenFile: string;

const published = (...list: readonly object[]): string => JSON.stringify({ keys: list });

/** Answers whoever brings this token, as an API server does that nobody may ask unknown. */
function closedTo(token: string, text: string): Parameters<AnswerServer['answer']>[0] {
  return (request, response) => {
    if (request.headers.authorization === `Bearer ${token}`) json(text)(request, response);
    else response.writeHead(401).end();
  };
}

async function writeBearerToken(token: string): Promise<void> {
  await writeFile(bearerTokenFile, `${token}\n`);
  await chmod(bearerTokenFile, 0o644);
}

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  eu = stack.use(await startAnswerServer(authority));
  us = stack.use(await startAnswerServer(authority));
  spire = stack.use(await startAnswerServer(authority));
  proxy = stack.use(await createConnectProxy());
  people = stack.use(await createIssuer(authority, { algorithms: ['PS256'] }));
  ci = stack.use(await createIssuer(authority, { algorithms: ['ES256'] }));
  host = stack.use(
    await startDaemonHost(
      ['eu:foo:myservice', 'us:foo:myservice', ...Object.values(SERVICES).flat()],
      {},
      SERVICES,
    ),
  );
  bearerTokenFile = join(host.installation.folder, 'etc', 'reviewer-token');
  await writeBearerToken('reviewer-1');
  eu.answer(closedTo('reviewer-1', published(keys.eu.publicJWK)));
  us.answer(json(published(keys.us.publicJWK)));
  spire.answer(
    json(
      published(
        { ...keys.x509.publicJWK, use: 'x509-svid' },
        { ...keys.svid.publicJWK, use: 'jwt-svid' },
      ),
    ),
  );

  const certificateAuthority = authority.certificate;
  const cluster = {
    issuer: { url: DEFAULT_ISSUER, audiences: ['postgres'], certificateAuthority },
    token: { maxLifetime: '15m', boundTo: ['pod'] },
    pam: { services: ['postgresql-k8s'] },
    cache: { refreshInterval: '1s', unknownKeyCooldown: '1s' },
  };
  const roleRule = (prefix: string): object => ({
    claim: 'sub',
    pattern: 'system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)',
    role: `${prefix}:\\1:\\2`,
  });
  daemon = stack.use(
    await host.startDaemon({
      issuers: [
        {
          name: 'eu',
          ...cluster,
          keys: { jwksURI: `${eu.origin}/openid/v1/jwks`, bearerTokenFile },
          roles: [roleRule('eu')],
        },
        {
          name: 'us',
          ...cluster,
          keys: { jwksURI: `${us.origin}/openid/v1/jwks` },
          http: { proxyURL: proxy.url },
          roles: [roleRule('us')],
        },
        {
          name: 'spire',
          issuer: {
            spiffeTrustDomain: 'example.org',
            audiences: ['postgres'],
            certificateAuthority,
          },
          keys: { spiffeBundleURL: `${spire.origin}/bundle` },
          roles: [{ claim: 'sub', trimPrefix: 'spiffe://example.org/' }],
          pam: { services: [SPIFFE] },
        },
        {
          name: 'people',
          issuer: { url: people.url, audiences: ['psql'], certificateAuthority },
          token: { maxAge: '5m', clockSkew: '10s', requiredClaims: ['jti'] },
          claimValidationRules: [{ claim: 'hd', requiredValue: TENANT }],
          roles: [
            { claim: 'groups', equals: 'dba', role: 'dba_ro' },
            { claim: 'roles', equals: 'db.auditor', role: 'auditor' },
          ],
          pam: { services: [PEOPLE] },
          deny: { subjects: ['mallory'], tokenIDs: ['leaked'] },
        },
        {
          name: 'ci',
          issuer: { url: ci.url, audiences: ['postgres'], certificateAuthority },
          roles: [{ claim: 'job', equals: 'deploy', role: 'deploy' }],
          pam: { services: [CI], sources: ['local', '10.0.0.0/8'] },
          deny: { issuedBefore: formatTime(START - 300) },
        },
      ],
    }),
  );
  await untilCached(host, ['eu', 'us', 'spire', 'people', 'ci']);
});

afterAll(async () => {
  await stack.disposeAsync();
});

const now = (): number => Math.floor(Date.now() / 1000);

function podToken(key: SigningKey, claims: Claims = {}): string {
  return signToken(key, {
    iss: DEFAULT_ISSUER,
    aud: ['postgres'],
    sub: 'system:serviceaccount:foo:myservice',
    iat: now(),
    exp: now() + 600,
    'kubernetes.io': {
      namespace: 'foo',
      pod: { name: 'myservice-0', uid: '0b1c7d2e-0000-4000-8000-000000000001' },
    },
    ...claims,
  });
}

function svid(key: SigningKey, claims: Claims = {}): string {
  const times = { iat: now(), exp: now() + 300 };
  return signToken(key, { aud: 'postgres', sub: 'spiffe://example.org/web', ...times, ...claims });
}

const personToken = async (claims: Claims = {}, at = now()): Promise<string> =>
  people.mint(
    { aud: 'psql', sub: 'alice', hd: TENANT, jti: 'one', groups: ['staff', 'dba'], ...claims },
    { now: at },
  );

const jobToken = async (claims: Claims = {}): Promise<string> =>
  ci.mint({ sub: 'repo:1:2', job: 'deploy', ...claims });

/** Logs in with psql. @returns the audit line of the decision. */
async function logIn(login: Login): Promise<LogLine> {
  const from = daemon.lines().length;
  const answer = await host.cluster.psql(login);
  expect(answer).toMatchObject({ status: 0, stdout: `${login.role}\n`, stderr: '' });
  return poll(`the decision about ${login.role}`, () =>
    daemon
      .lines()
      .slice(from)
      .find((line) => line.msg === 'decision' && line['role'] === login.role),
  );
}

it.each<[issuer: string, login: () => Promise<Login>, service: string]>([
  ['eu', async () => ({ role: 'eu:foo:myservice', password: podToken(keys.eu) }), 'postgresql-k8s'],
  ['us', async () => ({ role: 'us:foo:myservice', password: podToken(keys.us) }), 'postgresql-k8s'],
  ['spire', async () => ({ role: 'web', password: svid(keys.svid) }), SPIFFE],
  ['people', async () => ({ role: 'dba_ro', password: await personToken() }), PEOPLE],
  ['ci', async () => ({ role: 'deploy', password: await jobToken(), over: 'socket' }), CI],
])('a token of population %s logs in as its own role', async (issuer, login, service) => {
  const decided = await logIn(await login());
  expect(decided).toMatchObject({ outcome: 'granted', issuer, service });
});

const RULES_HINT = 'HINT: Connect as a role that the token may be, or add a role rule.';

describe('of two clusters with one issuer URL', () => {
  it.each([
    ['eu', 'us'],
    ['us', 'eu'],
  ] as const)('a token of %s gets no role of %s', async (own, other) => {
    const login = { role: `${other}:foo:myservice`, password: podToken(keys[own]) };
    expect(await expectRefusal(host.cluster, login)).toBe(
      `denied ERR_ROLE_NOT_PERMITTED entry ${own}: role "${other}:foo:myservice" asked for, and the token may only be "${own}:foo:myservice". ${RULES_HINT}`,
    );
  });

  it.each([
    ['eu', 'us'],
    ['us', 'eu'],
  ] as const)('a token of %s that names the key of %s is refused', async (own, other) => {
    const forged = podToken({ ...keys[own], kid: keys[other].kid });
    for (const name of ['eu', 'us']) {
      const login = { role: `${name}:foo:myservice`, password: forged };
      expect(await expectRefusal(host.cluster, login)).toBe(
        `denied ERR_SIGNATURE_INVALID entry ${other}: the signature does not verify with the issuer's key "${other}-1" (RS256). HINT: The token was changed on its way, or another issuer uses the same key ID.`,
      );
    }
  });
});

describe('a login is refused', () => {
  it.each<[what: string, login: () => Promise<Login>, reason: string]>([
    [
      'by the PAM service of another population',
      async () => ({ role: 'dba_ro', password: podToken(keys.eu) }),
      `denied ERR_SERVICE_NOT_PERMITTED entry eu: PAM service "${PEOPLE}"; expected "postgresql-k8s" (pam.services). HINT: The line of pg_hba.conf (pamservice=), or a pooler in front, names the service: see which one the client meets.`,
    ],
    [
      'from an address that is no source of its population',
      async () => ({ role: 'deploy', password: await jobToken() }),
      'denied ERR_SOURCE_NOT_PERMITTED the client comes from "127.0.0.1"; expected one of "local", "10.0.0.0/8" (pam.sources). HINT: Add the network of the client to pam.sources if it may log in from there.',
    ],
    [
      'with a token that is bound to no pod',
      async () => ({
        role: 'eu:foo:myservice',
        password: podToken(keys.eu, { 'kubernetes.io': { namespace: 'foo' } }),
      }),
      'denied ERR_CLAIM_REJECTED entry eu: the token is bound to nothing (kubernetes.io); expected a token bound to a pod (token.boundTo). HINT: Use the token of a projected volume, or kubectl create token --bound-object-kind.',
    ],
    [
      'with a token that is valid for longer than its population may',
      async () => ({
        role: 'eu:foo:myservice',
        password: podToken(keys.eu, { exp: now() + 86_400 }),
      }),
      'denied ERR_TOKEN_LIFETIME entry eu: the token is valid for 24 h (exp - iat); expected at most 15 min (token.maxLifetime). HINT: Ask for a token with a shorter lifetime; kubectl create token --duration, or expirationSeconds other than 3607.',
    ],
    [
      'with a token of a person in another tenant',
      async () => ({ role: 'dba_ro', password: await personToken({ hd: 'other.example' }) }),
      'denied ERR_CLAIM_REJECTED claim "hd" is "other.example"; expected "example.com" (claimValidationRules[0]). HINT: Compare the claims of the token with the claimValidationRules of this issuer.',
    ],
    [
      'with a token without a claim that is required',
      async () => ({ role: 'dba_ro', password: await personToken({ jti: undefined }) }),
      'denied ERR_CLAIM_MISSING the token has no "jti"; expected one (token.requiredClaims)',
    ],
    [
      'as a role by a group, where there are too many groups for the token',
      async () => ({
        role: 'dba_ro',
        password: await personToken({ groups: undefined, _claim_names: { groups: 'src1' } }),
      }),
      'denied ERR_CLAIM_MISSING the token does not hold "groups" but says where to ask for it (_claim_names); expected it in the token. HINT: There are too many for the token: have the issuer emit only those that the application needs, or map app roles.',
    ],
    [
      'as a role by a group, where the token says no more than that there are some',
      async () => ({
        role: 'dba_ro',
        password: await personToken({ groups: undefined, hasgroups: true }),
      }),
      'denied ERR_CLAIM_MISSING the token does not hold "groups" but says that there are some (hasgroups); expected them in the token. HINT: There are too many for the token: have the issuer emit only those that the application needs, or map app roles.',
    ],
    [
      'of a subject that is denied',
      async () => ({ role: 'dba_ro', password: await personToken({ sub: 'mallory' }) }),
      'denied ERR_DENY_LISTED sub "mallory" is denied (deny.subjects). HINT: Somebody has withdrawn it here; ask whoever administers this server.',
    ],
    [
      'with a token that is denied',
      async () => ({ role: 'dba_ro', password: await personToken({ jti: 'leaked' }) }),
      'denied ERR_DENY_LISTED jti "leaked" is denied (deny.tokenIDs). HINT: Somebody has withdrawn it here; ask whoever administers this server.',
    ],
    [
      'with a token from before what is denied',
      async () => ({
        role: 'deploy',
        password: await jobToken({ iat: START - 301 }),
        over: 'socket',
      }),
      `denied ERR_DENY_LISTED the token was issued at ${formatTime(START - 301)}; those from before ${formatTime(START - 300)} are denied (deny.issuedBefore). HINT: Get a new token.`,
    ],
    [
      'with an identity of another trust domain',
      async () => ({ role: 'web', password: svid(keys.svid, { sub: 'spiffe://example.net/web' }) }),
      'denied ERR_ISSUER_UNKNOWN trust domain "example.net" is not configured; expected "example.org". HINT: Add it to issuers.yaml if its tokens are to be accepted.',
    ],
    [
      'with an identity that is signed with the key for certificates',
      async () => ({ role: 'web', password: svid(keys.x509) }),
      `denied ERR_KEY_UNKNOWN the issuer's key with kid "x509-1" cannot be used: it has use "x509-svid"; expected "jwt-svid". HINT: Ask whoever runs the issuer to sign its tokens with another key.`,
    ],
  ])('%s', async (_what, login, reason) => {
    expect(await expectRefusal(host.cluster, await login())).toBe(reason);
  });

  it('with a token that was issued too long ago, although it is still valid', async () => {
    const issued = now() - 400;
    const reason = await expectRefusal(host.cluster, {
      role: 'dba_ro',
      password: await personToken({}, issued),
    });
    expect(
      reason.replace(/issued \d+ (?:s|min) ago/, 'issued N ago').replace(/now [^,]*/, 'now'),
    ).toBe(
      `denied ERR_TOKEN_TOO_OLD the token was issued N ago (iat ${formatTime(issued)}, now, clockSkew 10 s); expected at most 5 min (token.maxAge). HINT: Get a new token for each connection, or raise token.maxAge.`,
    );
  });
});

it('somebody whose groups are too many for the token logs in by an app role', async () => {
  const password = await personToken({
    groups: undefined,
    _claim_names: { groups: 'src1' },
    roles: ['db.auditor'],
  });
  expect(await logIn({ role: 'auditor', password })).toMatchObject({ issuer: 'people' });
});

describe('keys', () => {
  it('that are not for everybody are asked for with the token of the file, as it is now, and others without', async () => {
    eu.answer(closedTo('reviewer-2', published(keys.eu.publicJWK)));
    await writeBearerToken('reviewer-2');
    await poll(
      'a retrieval with the new token',
      () =>
        eu.requests.some(({ headers }) => headers.authorization === 'Bearer reviewer-2') ||
        undefined,
    );
    await logIn({ role: 'eu:foo:myservice', password: podToken(keys.eu) });
    const others = [...us.requests, ...spire.requests, ...people.requests, ...ci.requests];
    expect(others.length).toBeGreaterThan(4);
    expect(others.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
  });

  it('of an entry with a proxy are asked for through it, and those of others are not', () => {
    expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${new URL(us.origin).host}`]));
    // A tunnel comes before what is asked in it.
    expect(us.requests.length).toBeGreaterThan(0);
    expect(us.requests.length).toBeLessThanOrEqual(proxy.requests.length);
  });

  it('that may not be had hold up nobody but those whose they are', async () => {
    const fresh = await createSigningKey('RS256', 'eu-2');
    eu.answer((_request, response) => response.writeHead(401).end());
    await poll('a retrieval that is refused', () => eu.requests.length > 0 || undefined);
    // What is remembered still counts, what it does not hold cannot be known.
    await logIn({ role: 'eu:foo:myservice', password: podToken(keys.eu) });
    await logIn({ role: 'us:foo:myservice', password: podToken(keys.us) });
    const login = { role: 'eu:foo:myservice', password: podToken(fresh) };
    expect(await expectRefusal(host.cluster, login)).toMatch(
      /^denied ERR_KEY_UNKNOWN entry eu: the issuer has one key, whose kid is not "eu-2"\. HINT: /,
    );
  });
});
