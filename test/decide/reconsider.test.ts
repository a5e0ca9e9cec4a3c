// A granted login that is decided again: the same as a new login would be, but for what has expired since.
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import { type GrantedLogin, reconsider } from '../../src/decide/reconsider.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { isRefusal, refuse } from '../../src/errors.ts';
import type { KeySet } from '../../src/keys/formats/parse-key-set.ts';
import { thumbprintOf } from '../../src/keys/thumbprint-of.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import { parseKeptToken } from '../../src/sessions/session.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';
import { loadVectorFiles } from '../vectors/tokens/vector.ts';
import { loadPolicies } from '../policy/load-policies.ts';

const mint = await createMint();

type Members = Readonly<Record<string, unknown>>;

const ENTRY = {
  name: 'cluster',
  issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
  roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
};

function policyOf(entries: readonly Members[], top: Members = {}): Policy {
  const parsed = parseConfig(writeIssuersYAML(entries, top));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { issuers, protectedRoles } = parsed.config;
  const source = { kind: 'pinned', keySet: keysOf('cluster-es256') } as const;
  return {
    servers: [],
    issuers: issuers.map((entry) =>
      compileIssuer(entry, source, protectedRoles, RULE_TOOLS, (path, message) => {
        throw new Error(`${path.join('.')}: ${message}`);
      }),
    ),
    protectedRoles,
    maxTokenBytes: 16_384,
  };
}

function keysOf(...names: readonly string[]): KeySet {
  return { keys: names.map((name) => mint.publicKey(name)) };
}

function pinned({ keySource }: Issuer): KeySet | undefined {
  return keySource.kind === 'pinned' ? keySource.keySet : undefined;
}

/** A login of foo:myservice, granted at NOW by a token of ten minutes. */
function granted(more: Partial<GrantedLogin> = {}, claims: Members = {}): GrantedLogin {
  return {
    service: 'postgresql',
    role: 'foo:myservice',
    source: '10.0.0.7',
    token: {
      algorithm: 'ES256',
      keyID: 'cluster-es256',
      type: 'JWT',
      claims: { ...mint.defaultClaims(), exp: NOW + 600, ...claims },
    },
    key: thumbprintOf(mint.publicKey('cluster-es256')),
    grantedAt: NOW,
    ...more,
  };
}

/** An hour later, when the token has long expired. */
const LATER = NOW + 3600;

describe('a granted login', () => {
  it('would be granted again by the same policy, also when its token has expired', () => {
    const policy = policyOf([ENTRY]);
    expect(reconsider(granted(), policy, pinned, NOW)).toBeUndefined();
    expect(reconsider(granted(), policy, pinned, LATER)).toBeUndefined();
  });

  it.each<[what: string, entry: Members, code: string, message: string]>([
    [
      'its subject is denied',
      { deny: { subjects: ['system:serviceaccount:foo:myservice'] } },
      'ERR_DENY_LISTED',
      'sub "system:serviceaccount:foo:myservice" is denied (deny.subjects)',
    ],
    [
      'its key is denied',
      { deny: { keyIDs: ['cluster-es256'] } },
      'ERR_DENY_LISTED',
      'kid "cluster-es256" is denied (deny.keyIDs)',
    ],
    [
      'its algorithm is no longer accepted',
      { token: { algorithms: ['RS256', 'PS256'] } },
      'ERR_ALGORITHM_NOT_ALLOWED',
      'the token is signed with alg ES256; expected RS256, PS256 (token.algorithms)',
    ],
    [
      'its service is another one',
      { pam: { services: ['other'] } },
      'ERR_SERVICE_NOT_PERMITTED',
      'PAM service "postgresql"; expected "other" (pam.services)',
    ],
    [
      'it is not a client of that network',
      { pam: { sources: ['192.168.0.0/16'] } },
      'ERR_SOURCE_NOT_PERMITTED',
      'the client comes from "10.0.0.7"; expected "192.168.0.0/16" (pam.sources)',
    ],
    [
      'its audience is another one',
      { issuer: { ...ENTRY.issuer, audiences: ['other'] } },
      'ERR_AUDIENCE_MISMATCH',
      'aud is "postgres"; expected "other"',
    ],
    [
      'it has no such claim',
      { claimValidationRules: [{ claim: 'email', pattern: '.*' }] },
      'ERR_CLAIM_MISSING',
      'the token has no "email"; expected text that matches ".*" (claimValidationRules[0])',
    ],
    [
      'its token would live too long',
      { token: { maxLifetime: '60s' } },
      'ERR_TOKEN_LIFETIME',
      'the token is valid for 11 min (exp - iat); expected at most 60 s (token.maxLifetime)',
    ],
    [
      'no rule yields its role',
      { roles: [{ claim: 'sub' }] },
      'ERR_ROLE_NOT_PERMITTED',
      'role "foo:myservice" asked for, and the token may only be "system:serviceaccount:foo:myservice"',
    ],
    [
      'its issuer is not there any more',
      { issuer: { url: 'https://other.example.com', audiences: ['postgres'] } },
      'ERR_ISSUER_UNKNOWN',
      'issuer "https://k8s.example.com" is not configured; expected "https://other.example.com"',
    ],
  ])('would not where %s', (_what, entry, code, message) => {
    for (const now of [NOW, LATER]) {
      const refusal = reconsider(granted(), policyOf([{ ...ENTRY, ...entry }]), pinned, now);
      expect(refusal).toMatchObject({ code, outcome: 'denied' });
      expect(refusal?.message).toBe(message);
    }
  });

  it('would not where its role is protected by now', () => {
    const policy = policyOf([ENTRY], { protectedRoles: ['foo:myservice'] });
    expect(reconsider(granted(), policy, pinned, NOW)).toMatchObject({
      code: 'ERR_ROLE_PROTECTED',
    });
  });

  it('would where another entry of the issuer grants it, whichever granted it before', () => {
    const denied = { ...ENTRY, deny: { subjects: ['system:serviceaccount:foo:myservice'] } };
    const both = policyOf([denied, { ...ENTRY, name: 'second' }]);
    expect(reconsider(granted(), both, pinned, NOW)).toBeUndefined();
  });

  it('has the reason of the first entry that comes furthest, with its name', () => {
    const policy = policyOf([
      { ...ENTRY, name: 'first', pam: { services: ['other'] } },
      { ...ENTRY, name: 'second', roles: [{ claim: 'sub' }] },
      { ...ENTRY, name: 'third', pam: { services: ['other'] } },
      { ...ENTRY, name: 'fourth', roles: [{ claim: 'iss' }] },
    ]);
    const refusal = reconsider(granted(), policy, pinned, NOW);
    expect(refusal).toMatchObject({ code: 'ERR_ROLE_NOT_PERMITTED' });
    expect(refusal?.message).toMatch(/^entry second: role "foo:myservice" /);
  });
});

describe('the key of a granted login', () => {
  const policy = policyOf([ENTRY]);
  const [withdrawn, unknown] = [keysOf('other-es256'), undefined];

  it('that is withdrawn is a reason while the token would be valid, clockSkew included', () => {
    const skew = policy.issuers[0]!.entry.token.clockSkew;
    for (const now of [NOW, NOW + 599, NOW + 600 + skew - 1]) {
      expect(reconsider(granted(), policy, () => withdrawn, now)).toMatchObject({
        code: 'ERR_KEY_UNKNOWN',
        outcome: 'denied',
      });
    }
    expect(reconsider(granted(), policy, () => withdrawn, NOW + 600 + skew)).toBeUndefined();
    expect(reconsider(granted(), policy, () => withdrawn, LATER)).toBeUndefined();
  });

  it('that is not known is no reason, and what else is wrong still is', () => {
    expect(reconsider(granted(), policy, () => unknown, NOW)).toBeUndefined();
    const denied = policyOf([{ ...ENTRY, deny: { keyIDs: ['cluster-es256'] } }]);
    expect(reconsider(granted(), denied, () => unknown, NOW)).toMatchObject({
      code: 'ERR_DENY_LISTED',
    });
  });

  it('that has another key under its name is withdrawn', () => {
    const other = { ...mint.publicKey('other-es256'), kid: 'cluster-es256' };
    expect(reconsider(granted(), policy, () => ({ keys: [other] }), NOW)).toMatchObject({
      code: 'ERR_KEY_UNKNOWN',
      message: 'the key that signed the token is no longer one of its issuer',
    });
  });

  it('that is one of more keys, or published with other members around it, is still there', () => {
    const { alg: _alg, ...key } = mint.publicKey('cluster-es256');
    const keys = { keys: [mint.publicKey('other-es256'), { ...key, use: 'sig' }] };
    expect(reconsider(granted(), policy, () => keys, NOW)).toBeUndefined();
  });

  it('that is denied under another name by which it is published is denied', () => {
    const denied = policyOf([{ ...ENTRY, deny: { keyIDs: ['again'] } }]);
    const key = mint.publicKey('cluster-es256');
    const keys = { keys: [key, { ...key, kid: 'again' }] };
    expect(reconsider(granted(), denied, () => keys, NOW)).toMatchObject({
      code: 'ERR_DENY_LISTED',
    });
  });

  it('is looked for at a time without end where exp is none', () => {
    for (const exp of [Number.NaN, null, 'x', undefined]) {
      const login = granted({}, { exp });
      // Nobody grants one without exp; what counts is that it does not throw, and says so.
      expect(isRefusal(reconsider(login, policy, () => withdrawn, NOW))).toBe(true);
    }
  });
});

describe('claims', () => {
  it.each<[what: string, claims: Members]>([
    ['huge', { groups: Array.from({ length: 2000 }, () => 'x'.repeat(8)) }],
    ['of odd names', { constructor: 1, toString: 'x', '': null, 'a/b~c': [] }],
    ['of odd texts', { name: '\0\ud800\u{1F600}\u202e', jti: ['a'], email: { a: {} } }],
    ['beside kubernetes.io that is none', { 'kubernetes.io': 'x' }],
  ])('that are %s make no difference after they were kept', (_what, claims) => {
    const login = granted({}, claims);
    const kept = parseKeptToken(JSON.stringify(login.token))!;
    expect(reconsider({ ...login, token: kept }, policyOf([ENTRY]), pinned, LATER)).toBeUndefined();
  });
});

describe('every vector that is granted', async () => {
  const files = await loadVectorFiles();
  const vectors = files
    .flatMap((file) => file.vectors)
    .filter(({ expected }) => 'granted' in expected);
  const policies = await loadPolicies(
    files
      .flatMap((file) => file.vectors.map(({ policy }) => policy))
      .filter((name) => name !== 'broken'),
  );

  it('is decided again as a new login is, by each policy there is', async () => {
    let [again, not] = [0, 0];
    for (const { password, request, policy: by, now, name } of vectors) {
      const login = { source: undefined, ...request };
      const decide = async (policy: Policy) =>
        authorize({ ...login, password }, policy, {
          clock: () => now,
          keysOf: async (issuer) => pinned(issuer) ?? refuse('ERR_INTERNAL', 'not pinned'),
        });
      const { token, key } = await decide(policies.get(by)!);
      const { algorithm, keyID, type, claims } = token!;
      const kept = parseKeptToken(JSON.stringify({ algorithm, keyID, type, claims }))!;
      const session = { ...login, token: kept, key: thumbprintOf(key!), grantedAt: now };
      for (const [other, policy] of policies) {
        const { decision } = await decide(policy);
        const refusal = reconsider(session, policy, pinned, now);
        // How long a token may be is asked of what is sent.
        const { issuers } = policy;
        if (issuers.some(({ entry }) => entry.token.maxBytes < password.length)) continue;
        expect([name, other, refusal === undefined]).toEqual([name, other, decision.granted]);

        if (decision.granted) again += 1;
        else not += 1;
      }
    }
    expect(again).toBeGreaterThan(100);
    expect(not).toBeGreaterThan(1000);
  });
});
