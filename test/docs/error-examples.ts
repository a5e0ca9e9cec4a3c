// The refusals that docs/reference/errors.md shows, made by the code that writes them: a small policy, a clock that stands still, and
// tokens that are wrong in one way each.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

import { authorize } from '../../src/decide/authorize.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { readToken } from '../../src/cli/read-token.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { serveConnection } from '../../src/daemon/socket/serve-connection.ts';
import { isRefusal } from '../../src/errors.ts';
import { describeConnectionFailure } from '../../src/issuers/describe-connection-failure.ts';
import type { FetchFailure } from '../../src/keys/fetch-result.ts';
import { keysWithin } from '../../src/keys/key-owner.ts';
import { createProvisioner } from '../../src/provision/provisioner.ts';
import { formatReply } from '../../src/protocol/format-reply.ts';
import { readTokenReview } from '../../src/review/token-review.ts';
import { createReviewers } from '../../src/issuers/review/create-reviewers.ts';
import { findFreePort } from '../support/find-free-port.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

/** 2026-01-01T12:00:00Z. */
const NOW = 1_767_268_800;

const ISSUERS_YAML = `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer: {url: https://k8s-oidc.example.com, audiences: [postgres]}
  token: {algorithms: [RS256], maxBytes: 8192}
  roles:
  - {claim: sub, trimPrefix: "system:serviceaccount:"}
- name: people
  issuer: {url: https://sso.example.com/realms/people, audiences: [postgres]}
  roles:
  - {claim: groups, equals: dba, role: [dba_ro, dba_rw]}
`;

type Claims = Readonly<Record<string, unknown>>;

interface TokenOptions {
  readonly claims?: Claims;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
  readonly role?: string;
}

/** Every example, as the daemon sends it and `pgtoken pam` writes it. */
export async function makeErrorExamples(): Promise<ReadonlySet<string>> {
  const rsa = await generateKeyPair('RS256', { extractable: true });
  const stranger = await generateKeyPair('RS256');
  const ec = await generateKeyPair('ES256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(rsa.publicKey)), kid: 'c7f1' };
  const ecJWK: JWK = { ...(await exportJWK(ec.publicKey)), kid: 'e2a9' };
  const other = await generateKeyPair('RS256');
  const otherJWK: JWK = { ...(await exportJWK(other.publicKey)), kid: '91d3' };
  const keys = [jwk, otherJWK, ecJWK];
  const policy = makePolicy(ISSUERS_YAML, keys);

  const decide = async (
    password: string,
    role = 'foo:myservice',
    by = policy,
    source = '10.0.0.7',
  ): Promise<string> => {
    const request = { service: 'postgresql-k8s', role, source, password };
    const { decision } = await authorize(request, by, {
      clock: () => NOW,
      keysOf: async (issuer) =>
        issuer.keySource.kind === 'pinned' ? issuer.keySource.keySet : { keys: [] },
    });
    return formatReply(decision);
  };
  const mint = async (options: TokenOptions = {}): Promise<string> => {
    const claims = {
      iss: 'https://k8s-oidc.example.com',
      aud: ['postgres'],
      sub: 'system:serviceaccount:foo:myservice',
      iat: NOW - 60,
      exp: NOW + 3540,
      ...options.claims,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'c7f1', typ: 'JWT', ...options.header })
      .sign(options.key ?? rsa.privateKey);
  };
  const judge = async (options: TokenOptions): Promise<string> =>
    decide(await mint(options), options.role);
  /** By one entry that says this besides. */
  const judgeBy = async (more: string, options: TokenOptions, source?: string): Promise<string> =>
    decide(await mint(options), options.role, makePolicy(entryWith(more), keys), source);
  const person = { iss: 'https://sso.example.com/realms/people', groups: ['staff', 'dba'] };
  const good = await mint();
  const long = await mint({ claims: { padding: 'x'.repeat(600) } });
  const [head = '', body = ''] = good.split('.');

  const tooOld = keysWithin(
    { source: '', fetchedAt: 0, attemptedAt: 0, keySet: { keys: [{ kty: 'OKP' }] } },
    93_600,
    OWNER,
    failureOf('/openid/v1/jwks', new Error('aborted'), AbortSignal.abort()),
  );
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const none = keysWithin(
    undefined,
    0,
    OWNER,
    failureOf('/.well-known/openid-configuration', refused),
  );
  const provisioning = `${entryWith('provision: {create: true, onError: deny}')}servers: [{name: main, connection: ""}]\n`;
  const unprovisioned = await provisionHandMade(makePolicy(provisioning, keys), good);
  const overlong = await readToken(Readable.from([Buffer.alloc(70_000, 'x')]));
  const goesOn = await readToken(Readable.from([Buffer.from(`${good}\0more`)]));

  const reviewed = makePolicy(
    entryWith('review: {url: "https://10.0.0.10:6443", bearerTokenFile: t, onError: deny}'),
    keys,
  );
  const account = 'system:serviceaccount:foo:myservice';
  const review = (
    status: object,
    kind = 'TokenReview',
    apiVersion = 'authentication.k8s.io/v1',
  ) => {
    const answer = { kind, apiVersion, status };
    const outcome = readTokenReview(answer, { text: good, claims: { sub: account } }, ['postgres']);
    return outcome.kind === 'yes' ? 'yes' : formatReply(outcome.refusal);
  };
  const authenticated = { authenticated: true, audiences: ['postgres'] };
  const invalidated = '[invalid bearer token, service account token has been invalidated]';
  return new Set([
    review({ error: invalidated }),
    review({ ...authenticated, user: { username: 'system:serviceaccount:foo:other' } }),
    review({ authenticated: true, user: { username: account } }),
    review({}, 'Status', 'v1'),
    await askClosedPort(),
    await decide(good, undefined, reviewed),
    await decide('correct horse battery staple'),
    await decide(''),
    await decide(`Bearer ${good}`),
    await decide(`${good}\n`),
    await decide(`${head}.${body}.x.y.z`),
    await decide(`${encode('{"alg":"RS256","alg":"RS256"}')}.${body}.${'A'.repeat(342)}`),
    format(goesOn),
    await decide(long.slice(0, 511)),
    await decide(long.slice(0, 900)),
    await decide(long.slice(3)),
    await decide(await mint({ claims: { padding: 'x'.repeat(20_000) } })),
    await decide(await mint({ claims: { padding: 'x'.repeat(6000) } })),
    format(overlong),
    unprovisioned,
    await judge({ header: { typ: 'logout+jwt' } }),
    await judge({ claims: { iat: NOW - 7200, exp: NOW - 3600 } }),
    await judge({ claims: { nbf: NOW + 300 } }),
    await judgeBy('token: {maxAge: 10m}', { claims: { iat: NOW - 3600 } }),
    await judge({ claims: { exp: NOW + 31_536_000 - 60 } }),
    await decide(hmacToken(body)),
    await judge({ key: ec.privateKey, header: { alg: 'ES256', kid: 'e2a9' } }),
    await judge({ key: stranger.privateKey }),
    await judge({ header: { kid: '0b5d' } }),
    await judge({ header: { kid: 'b7e0' } }),
    await judge({ header: { kid: undefined } }),
    format(none),
    format(tooOld),
    await judge({ claims: { iss: 'https://other.example.com' } }),
    await judge({ claims: { iss: 'https://k8s-oidc.example.com/' } }),
    await decide(
      await mint({ claims: { iss: 'https://sso.example.com' } }),
      'alice',
      makePolicy(WELL_KNOWN_YAML, keys),
    ),
    await decide(
      await mint({ claims: { sub: 'spiffe://example.com/web' } }),
      'web',
      makePolicy(TRUST_DOMAIN_YAML, keys),
    ),
    await judge({ claims: { aud: ['vault'] } }),
    await judge({ claims: { exp: undefined } }),
    await judge({ claims: { aud: undefined } }),
    await judgeBy('token: {requiredClaims: [jti]}', {}),
    await judgeBy('claimValidationRules: [{claim: hd, requiredValue: example.com}]', {}),
    await judgeBy('claimValidationRules: [{claim: groups, requiredValue: dba}]', {
      claims: { _claim_names: { groups: 'src1' } },
    }),
    await judgeBy('claimValidationRules: [{claim: groups, requiredValue: dba}]', {
      claims: { hasgroups: true },
    }),
    await judge({ claims: { cnf: { jkt: 'x' } } }),
    await judgeBy('claimValidationRules: [{claim: hd, requiredValue: example.com}]', {
      claims: { hd: 'other.example' },
    }),
    await judgeBy('claimValidationRules: [{claim: act, forbidden: true}]', {
      claims: { act: { sub: 'bob' } },
    }),
    await judgeBy('token: {boundTo: [pod]}', {}),
    await decide(
      await mint({ claims: { sub: 'spiffe://example.org//web' } }),
      'web',
      makePolicy(TRUST_DOMAIN_YAML, keys),
    ),
    await judge({ claims: { iat: 'yesterday' } }),
    await judgeBy('token: {requiredScopes: [db.login]}', { claims: { scope: 'openid email' } }),
    await judgeBy('deny: {subjects: ["system:serviceaccount:foo:myservice"]}', {}),
    await judgeBy('deny: {issuedBefore: 2026-01-01T12:00:00Z}', {}),
    await judgeBy('pam: {services: [postgresql-people]}', {}),
    await judgeBy('pam: {sources: [10.1.0.0/16, local]}', {}),
    await judgeBy('pam: {sources: [10.0.0.0/8]}', {}, 'web-1.example.com'),
    await judge({ role: 'foo:other' }),
    await judge({ role: 'FOO:myservice' }),
    await judge({ claims: { ...person, groups: ['staff'] }, role: 'dba_ro' }),
    await judge({ claims: { ...person, groups: undefined }, role: 'dba_ro' }),
    await judgeBy(EMAIL_RULE, {
      claims: { email: 'alice@example.com', email_verified: false },
    }),
    await judge({ role: 'postgres' }),
    await judge({
      claims: { sub: `system:serviceaccount:analytics:${'quarterly-report-'.repeat(4)}job` },
      role: 'foo:myservice',
    }),
    (await ask('pgtoken/1\0', 0.5)).replace('0.5 s', '4 s'),
    ...(await askCommand()),
    await ask('GET / HTTP/1.1\r\n\0', PATIENT),
    await ask('pgtoken/1\0PAM_SERVICE=x\0PAM_USER=foo\0\0token\0', PATIENT),
  ]);
}

/** Seconds: a busy machine must not make another example of it. */
const PATIENT = 60;

const OWNER = {
  name: 'homelab',
  source: '',
  refreshInterval: 600,
  maxStale: 86_400,
  unknownKeyCooldown: 30,
};

const EMAIL_RULE = "claimValidationRules: [{claim: email, pattern: '.+@example[.]com'}]";

function entryWith(more: string): string {
  return `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer: {url: https://k8s-oidc.example.com, audiences: [postgres]}
  roles: [{claim: sub, trimPrefix: "system:serviceaccount:"}]
  ${more}
`;
}

const WELL_KNOWN_YAML = `apiVersion: pgtoken/v1
issuers:
- name: people
  issuer:
    url: https://sso.example.com/.well-known/openid-configuration
    audiences: [postgres]
  roles: [{claim: sub}]
`;

const TRUST_DOMAIN_YAML = `apiVersion: pgtoken/v1
issuers:
- name: spire
  issuer: {spiffeTrustDomain: example.org, audiences: [postgres]}
  keys: {spiffeBundleURL: https://spire.example.org/bundle}
  roles: [{claim: sub}]
`;

function makePolicy(yaml: string, keys: readonly JWK[]): Policy {
  const parsed = parseConfig(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { issuers: entries, protectedRoles } = parsed.config;
  const leftOut = [{ kid: 'b7e0', reason: 'has use "enc"; expected "sig"' }];
  const keySource = { kind: 'pinned', keySet: { keys, leftOut } } as const;
  const issuers = entries.map((entry) =>
    compileIssuer(entry, keySource, protectedRoles, RULE_TOOLS, (path, message) => {
      throw new Error(`${path.join('.')}: ${message}`);
    }),
  );
  return { issuers, servers: [], protectedRoles, maxTokenBytes: 16_384 };
}

/** What a login is told whose role the server says was made by hand. */
async function provisionHandMade(made: Policy, password: string): Promise<string> {
  const connection = { host: '/run/postgresql', port: 5432, database: 'postgres', user: 'pgtoken' };
  const policy = { ...made, servers: [{ name: 'main', connection }] };
  const login = { service: 'postgresql-k8s', role: 'foo:myservice', source: undefined };
  const granted = await authorize({ ...login, password }, policy, {
    clock: () => NOW,
    keysOf: async ({ keySource }) =>
      keySource.kind === 'pinned' ? keySource.keySet : { keys: [] },
  });
  const provisioner = createProvisioner(() => ({
    // As the function in the database has it.
    query: async () => {
      throw Object.assign(
        new Error('role "foo:myservice" was not made by pgtoken, and is left alone'),
        { code: 'PT001', hint: 'Drop it, or mark it as docs/operate/roles.md says.' },
      );
    },
    close: () => undefined,
  }));
  provisioner.usePolicy(policy);
  const never = new Promise<never>(() => undefined);
  return formatReply((await provisioner.provision(login, granted, policy, never)).decision);
}

function format(result: unknown): string {
  if (!isRefusal(result)) throw new Error('expected a refusal');
  return formatReply(result);
}

/** What is remembered of a request to the issuer that ended so. */
function failureOf(
  path: string,
  error: Error,
  signal = new AbortController().signal,
): FetchFailure {
  const { reason, hint } = describeConnectionFailure(error, { signal });
  return { reason: `https://k8s-oidc.example.com${path}: ${reason}`, hint };
}

/** What the daemon answers to a client that sends these bytes; deciding itself fails. */
async function ask(request: string, deadline: number): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void serveConnection(socket, {
      decide: async () => Promise.reject(new Error('on purpose')),
      deadline,
      onDecided: () => undefined,
      onRequest: () => undefined,
      onError: () => undefined,
    });
  });
  await using folder = await createTemporaryFolder('docs');
  const path = join(folder.path, 'socket');
  server.listen(path);
  await once(server, 'listening');
  const client = connect(path);
  let reply = '';
  client.setEncoding('utf8').on('data', (text: string) => (reply += text));
  // What is refused before all of it was read is closed with a reset, after the reply.
  client.on('error', () => undefined);
  client.write(request);
  await new Promise((resolve) => client.once('close', resolve));
  server.close();
  return reply.replace(/\0$/, '');
}

const BROKEN_YAML = `apiVersion: pgtoken/v1
issuers:
- name: homelab
  issuer:
    url: https://k8s-oidc.example.com
  roles:
  - {claim: sub, prefix: "system:serviceaccount:"}
`;

/** What `pgtoken pam` writes; the default path stands for that of the test. */
async function askCommand(): Promise<string[]> {
  await using folder = await createTemporaryFolder('docs');
  const config = join(folder.path, 'issuers.yaml');
  // A busy machine must not make another example of it: only the one about the deadline has a short one.
  const run = async (env: Readonly<Record<string, string>>, timeout = '60s'): Promise<string> => {
    const { stderr } = await runPgtoken(['pam', '--config', config, '--timeout', timeout], { env });
    const line = stderr.trimEnd().split('\n').at(-1) ?? '';
    return line.replaceAll(folder.path, '/etc/pgtoken');
  };
  const missing = await run({ PAM_USER: 'foo' });
  await writeFile(config, BROKEN_YAML, { mode: 0o644 });
  return [
    missing,
    await run({ PAM_USER: 'foo' }),
    await run({ PAM_USER: 'foo', PAM_TYPE: 'account' }),
    await run({}),
    (await run({ PAM_USER: 'foo' }, '100ms')).replace('0.1 s', '4.5 s'),
  ];
}

/** A review that nobody answers; another address stands for that of the test. */
async function askClosedPort(): Promise<string> {
  await using folder = await createTemporaryFolder('docs');
  const bearerTokenFile = join(folder.path, 'reviewer.token');
  await writeFile(bearerTokenFile, 'a-token', { mode: 0o600 });
  const url = `https://127.0.0.1:${await findFreePort()}`;
  const reviewers = createReviewers(() => 0);
  const reviewerOf = reviewers.use([
    {
      name: 'homelab',
      review: {
        url,
        certificateAuthority: undefined,
        proxyURL: undefined,
        bearerTokenFile,
        audiences: ['postgres'],
        cacheFor: 10,
        timeout: 60,
      },
    },
  ]);
  const outcome = await reviewerOf('homelab')?.review({ text: 'x', claims: {} });
  reviewers.close();
  return outcome?.kind === 'unavailable'
    ? formatReply(outcome.refusal).replace(url, 'https://10.0.0.10:6443')
    : '';
}

function hmacToken(body: string): string {
  const text = `${encode('{"alg":"HS256","kid":"c7f1","typ":"JWT"}')}.${body}`;
  return `${text}.${createHmac('sha256', 'secret').update(text).digest('base64url')}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
