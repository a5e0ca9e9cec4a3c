// People and programs of a single sign-on: tokens of a certified OpenID provider, got the way clients get them, log in to
// PostgreSQL through the daemon, while the provider's keys rotate.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createOIDCClient, type OIDCClient, REDIRECT_URI } from '../support/oidc-client.ts';
import { startOIDCProvider, type OIDCProvider } from '../support/oidc-provider.ts';
import { poll } from '../support/poll.ts';
import { createSigningKey, type SigningKey } from '../support/signing-key.ts';
import { startDaemonHost, type DaemonHost } from '../support/start-daemon-host.ts';
import type { DaemonProcess, LogLine } from '../support/start-daemon-process.ts';
import { tryLogin } from '../support/try-logins.ts';
import { expectRefusal } from './expect-refusal.ts';

const DATABASE = 'https://db.example.com';
const BRIEF = 'https://db.example.com/brief';
const OTHER = 'https://other.example.com';
/** Clients of programs, each with its secret. */
const PROGRAMS = { 'report-job': 'secret-of-report-job', 'mail-job': 'secret-of-mail-job' };

const stack = new AsyncDisposableStack();
const keys: Record<'EdDSA' | 'PS256', SigningKey[]> = { EdDSA: [], PS256: [] };
let provider: OIDCProvider;
let client: OIDCClient;
let host: DaemonHost;
let daemon: DaemonProcess;

beforeAll(async () => {
  const authority = stack.use(await createCertificateAuthority());
  for (const algorithm of ['EdDSA', 'PS256'] as const) {
    keys[algorithm].push(await createSigningKey(algorithm, `${algorithm.toLowerCase()}-old`));
    keys[algorithm].push(await createSigningKey(algorithm, `${algorithm.toLowerCase()}-new`));
  }
  provider = stack.use(
    await startOIDCProvider(authority, {
      keys: [keys.EdDSA[0]!, keys.PS256[0]!],
      clients: [
        {
          client_id: 'psql',
          application_type: 'native',
          token_endpoint_auth_method: 'none',
          redirect_uris: [REDIRECT_URI],
          grant_types: ['authorization_code'],
          response_types: ['code'],
          id_token_signed_response_alg: 'EdDSA',
        },
        ...Object.entries(PROGRAMS).map(([name, secret]) => ({
          client_id: name,
          client_secret: secret,
          redirect_uris: [],
          grant_types: ['client_credentials'],
          response_types: [],
          id_token_signed_response_alg: 'EdDSA' as const,
        })),
      ],
      groups: { alice: ['staff', 'dba'], bob: ['staff'], 'report-job': ['reports'] },
      resources: {
        [DATABASE]: { audience: DATABASE, algorithm: 'PS256', lifetime: 600 },
        [BRIEF]: { audience: DATABASE, algorithm: 'EdDSA', lifetime: 1 },
        [OTHER]: { audience: OTHER, algorithm: 'PS256', lifetime: 600 },
      },
    }),
  );
  client = stack.use(createOIDCClient(provider));
  host = stack.use(await startDaemonHost(['dba_ro', 'dba_rw', 'report-job', 'mail-job']));
  const sso = {
    issuer: {
      url: provider.url,
      certificateAuthority: provider.certificateAuthority,
      audienceMatchPolicy: 'MatchAny',
    },
    token: { algorithms: ['EdDSA', 'PS256'], clockSkew: '0s', maxLifetime: '1h' },
    cache: { refreshInterval: '1s', unknownKeyCooldown: '1s' },
  };
  daemon = stack.use(
    await host.startDaemon({
      issuers: [
        {
          name: 'people',
          ...sso,
          issuer: { ...sso.issuer, audiences: ['psql', DATABASE] },
          roles: [{ claim: 'groups', equals: 'dba', role: ['dba_ro', 'dba_rw'] }],
        },
        {
          name: 'programs',
          ...sso,
          issuer: { ...sso.issuer, audiences: [DATABASE] },
          roles: [{ claim: 'sub', pattern: '[a-z]+-job' }],
        },
      ],
    }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

const people = async (account: string, resource?: string) =>
  client.signIn({ client: 'psql', account, ...(resource === undefined ? {} : { resource }) });
const program = async (name: keyof typeof PROGRAMS, resource: string) =>
  client.getOwnToken({ client: name, secret: PROGRAMS[name], resource });

/** The audit line of the decision that a login leads to. */
async function decisionOf(role: string, password: string): Promise<LogLine> {
  const from = daemon.lines().length;
  const answer = await host.cluster.psql({ role, password });
  expect(answer).toMatchObject({ status: 0, stdout: `${role}\n`, stderr: '' });
  return daemon.waitForLine('decision', from);
}

describe('somebody who signs in with the authorization code flow', () => {
  it('logs in with the ID token, as any role of the group', async () => {
    const { idToken } = await people('alice');
    expect(decodeProtectedHeader(idToken)).toMatchObject({ alg: 'EdDSA', kid: 'eddsa-old' });
    expect(decodeJwt(idToken)).toMatchObject({ aud: 'psql', groups: ['staff', 'dba'] });
    for (const role of ['dba_ro', 'dba_rw']) {
      expect(await decisionOf(role, idToken)).toMatchObject({
        outcome: 'granted',
        issuer: 'people',
        iss: provider.url,
        sub: 'alice',
        kid: 'eddsa-old',
      });
    }
  });

  it('logs in with the access token for the database', async () => {
    const { accessToken } = await people('alice', DATABASE);
    const header = { alg: 'PS256', kid: 'ps256-old', typ: 'at+jwt' };
    expect(decodeProtectedHeader(accessToken)).toMatchObject(header);
    expect(decodeJwt(accessToken)).toMatchObject({ aud: DATABASE, client_id: 'psql' });
    expect(await decisionOf('dba_ro', accessToken)).toMatchObject({
      outcome: 'granted',
      issuer: 'people',
      sub: 'alice',
      kid: 'ps256-old',
    });
  });
});

it('a program logs in with a token of its own', async () => {
  const token = await program('report-job', DATABASE);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'PS256', typ: 'at+jwt' });
  expect(decodeJwt(token)).toMatchObject({ sub: 'report-job', aud: DATABASE, groups: ['reports'] });
  expect(await decisionOf('report-job', token)).toMatchObject({
    outcome: 'granted',
    issuer: 'programs',
    sub: 'report-job',
  });
});

const NONE_PERMITTED =
  'the role rules permit none for this token. HINT: Compare the claims of the token with the roles of this issuer.';

it.each<[what: string, role: string, password: () => Promise<string>, reason: string]>([
  [
    'somebody who is not in the group',
    'dba_ro',
    async () => (await people('bob')).idToken,
    `denied ERR_ROLE_NOT_PERMITTED entry people: role "dba_ro" asked for, and ${NONE_PERMITTED}`,
  ],
  [
    'a program that asks for the role of a group',
    'dba_rw',
    async () => program('report-job', DATABASE),
    `denied ERR_ROLE_NOT_PERMITTED entry people: role "dba_rw" asked for, and ${NONE_PERMITTED}`,
  ],
  [
    'a program that asks for the role of another',
    'mail-job',
    async () => program('report-job', DATABASE),
    `denied ERR_ROLE_NOT_PERMITTED entry people: role "mail-job" asked for, and ${NONE_PERMITTED}`,
  ],
  [
    'a token for another service',
    'report-job',
    async () => program('report-job', OTHER),
    'denied ERR_AUDIENCE_MISMATCH entry people: aud is "https://other.example.com"; expected one of "psql", "https://db.example.com". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.',
  ],
  [
    'an access token that was asked for without a resource, which is opaque,',
    'dba_ro',
    async () => (await people('alice')).accessToken,
    'denied ERR_NOT_A_TOKEN the password is not a JWT; expected three parts in base64url that start with "ey". HINT: Send the token as the password, for example in PGPASSWORD.',
  ],
])('%s is refused', async (_what, role, password, reason) => {
  expect(await expectRefusal(host.cluster, { role, password: await password() })).toBe(reason);
});

it('a token that has expired is refused', async () => {
  const token = await program('report-job', BRIEF);
  const { exp = 0 } = decodeJwt(token);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
  await poll('the end of its lifetime', () => Date.now() / 1000 > exp + 1 || undefined);
  const reason = await expectRefusal(host.cluster, { role: 'report-job', password: token });
  const expired = new Date(exp * 1000).toISOString().replace('.000Z', 'Z');
  expect(reason.replace(/\d+ s ago/, 'N s ago').replace(/now [^,]*/, 'now')).toBe(
    `denied ERR_TOKEN_EXPIRED entry people: the token expired N s ago (exp ${expired}, now, clockSkew 0 s). HINT: Get a new token; if this one is new, compare the clocks.`,
  );
});

it('keys rotate: the new ones work at once, the old ones until they are withdrawn', async () => {
  const [oldEdDSA, newEdDSA] = [keys.EdDSA[0]!, keys.EdDSA[1]!];
  const [oldPS256, newPS256] = [keys.PS256[0]!, keys.PS256[1]!];
  const oldTokens = {
    dba_ro: (await people('alice')).idToken,
    'report-job': await program('report-job', DATABASE),
  };

  provider.replaceKeys([newEdDSA, newPS256, oldEdDSA, oldPS256]);
  const newTokens = {
    dba_ro: (await people('alice')).idToken,
    'report-job': await program('report-job', DATABASE),
  };
  expect(decodeProtectedHeader(newTokens.dba_ro)).toMatchObject({ kid: 'eddsa-new' });
  expect(decodeProtectedHeader(newTokens['report-job'])).toMatchObject({ kid: 'ps256-new' });
  for (const tokens of [newTokens, oldTokens]) {
    for (const [role, password] of Object.entries(tokens)) {
      expect(await tryLogin(host.cluster, { role, password })).toBe('granted');
    }
  }

  provider.replaceKeys([newEdDSA, newPS256]);
  await poll('both entries to retrieve the keys anew', async () => {
    const held = await Promise.all(
      ['people', 'programs'].map(async (name) =>
        readFile(join(host.cacheFolder, `${name}.json`), 'utf8'),
      ),
    );
    return held.every((text) => text.includes('eddsa-new') && !text.includes('-old')) || undefined;
  });
  for (const [role, password] of Object.entries(newTokens)) {
    expect(await tryLogin(host.cluster, { role, password })).toBe('granted');
  }
  const withdrawn = { dba_ro: 'eddsa-old', 'report-job': 'ps256-old' };
  for (const [role, password] of Object.entries(oldTokens)) {
    const kid = new Map(Object.entries(withdrawn)).get(role);
    expect(await expectRefusal(host.cluster, { role, password })).toBe(
      `denied ERR_KEY_UNKNOWN entry people: the issuer has 2 keys, none with kid "${kid}". HINT: The token may come from another cluster with the same issuer URL, or be signed by a key that is no longer published.`,
    );
  }
});
