// What an explanation says of each demand on the claims: its name, what is demanded, and what there is instead.
import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../src/config/parse-config.ts';
import { compileClaimChecks } from '../../src/verify/checks/compile-claim-checks.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';

const NOW = 1_767_225_600;

function checksOf(entry: string) {
  const parsed = parseConfig(
    `apiVersion: pgtoken/v1\nissuers:\n- name: it\n  roles: [{claim: sub}]\n${entry}`,
  );
  const [configuration] = parsed.ok ? parsed.config.issuers : [];
  if (configuration === undefined) throw new Error('not a configuration');
  return compileClaimChecks(configuration, RULE_TOOLS.compilePattern, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
}

/** An entry that demands everything there is to demand. */
const everything = () =>
  checksOf(`  issuer:
    url: https://k8s.example.com
    audiences: [postgres, vault]
    audienceMatchPolicy: MatchAny
  token: {types: [JWT], maxAge: 1h, requiredClaims: [jti, /a/b], requiredScopes: [db], boundTo: [pod, node]}
  claimValidationRules:
  - {claim: hd, requiredValue: example.com}
  - {claim: /kubernetes.io/namespace, requiredValues: [a, 7]}
  - {claim: sub, pattern: 'a.*'}
  - {claim: act, forbidden: true}
  deny: {subjects: [x, y], tokenIDs: [z], keyIDs: [k], issuedBefore: 2026-01-01T00:00:00Z}
`);

/** What is seen of each demand, by its name. */
function seen(
  checks: ReturnType<typeof checksOf>,
  claims: Readonly<Record<string, unknown>>,
  { type, keyIDs = [] }: { readonly type?: string; readonly keyIDs?: readonly string[] } = {},
): Readonly<Record<string, string>> {
  const token = { type, claims, keyIDs, now: NOW };
  return Object.fromEntries(checks.map((check) => [check.name, check.seen(token)]));
}

const expected = (checks: ReturnType<typeof checksOf>): Readonly<Record<string, string>> =>
  Object.fromEntries(checks.map((check) => [check.name, check.expected]));

describe('an explanation', () => {
  it('names every demand in its order, and says what is demanded', () => {
    expect(Object.entries(expected(everything()))).toEqual([
      ['iss', '"https://k8s.example.com"'],
      ['aud', 'one of "postgres", "vault"'],
      ['sub', 'text'],
      ['times', 'exp, and each time a number (NumericDate)'],
      ['exp', 'not in the past, clockSkew 30 s'],
      ['nbf', 'not in the future, clockSkew 30 s'],
      ['iat', 'not in the future, clockSkew 30 s'],
      ['lifetime', 'at most 24 h (token.maxLifetime)'],
      ['age', 'at most 60 min (token.maxAge)'],
      ['typ', 'JWT'],
      ['cnf', 'none'],
      ['boundTo', 'a token bound to a pod or node (token.boundTo)'],
      ['requiredClaims[0]', 'any value but null'],
      ['requiredClaims[1]', 'any value but null'],
      ['requiredScopes[0]', '"db"'],
      ['claimValidationRules[0]', '"example.com"'],
      ['claimValidationRules[1]', 'one of "a", 7'],
      ['claimValidationRules[2]', 'text that matches "a.*"'],
      ['claimValidationRules[3]', 'no claim "act"'],
      ['deny.subjects', 'a sub that is not in deny.subjects'],
      ['deny.tokenIDs', 'a jti that is not in deny.tokenIDs'],
      ['deny.keyIDs', 'a kid that is not in deny.keyIDs'],
      ['deny.issuedBefore', 'issued at 2026-01-01T00:00:00Z or later'],
    ]);
  });

  it('says what there is of a token that has everything', () => {
    const claims = {
      iss: 'https://k8s.example.com',
      aud: ['postgres', 'other'],
      sub: 'alice',
      exp: NOW + 600,
      nbf: NOW - 5,
      iat: NOW - 60,
      jti: 'z',
      a: { b: false },
      scope: 'db openid',
      hd: 'example.org',
      'kubernetes.io': { namespace: 7, node: { name: 'n', uid: 'u' } },
      act: {},
      cnf: {},
    };
    expect(seen(everything(), claims, { type: 'at+jwt', keyIDs: ['k', 'l'] })).toEqual({
      iss: '"https://k8s.example.com"',
      aud: '["postgres","other"]',
      sub: '"alice"',
      times: 'exp 1767226200, nbf 1767225595, iat 1767225540',
      exp: '2026-01-01T00:10:00Z, in 10 min',
      nbf: '2025-12-31T23:59:55Z, 5 s ago',
      iat: '2025-12-31T23:59:00Z, 60 s ago',
      lifetime: '11 min',
      age: '60 s',
      typ: '"at+jwt"',
      cnf: 'a key',
      boundTo: 'a node',
      'requiredClaims[0]': '"jti" is there',
      'requiredClaims[1]': '"/a/b" is there',
      'requiredScopes[0]': 'scope has "db", "openid"',
      'claimValidationRules[0]': '"hd" is "example.org"',
      'claimValidationRules[1]': '"/kubernetes.io/namespace" is 7',
      'claimValidationRules[2]': '"sub" is "alice"',
      'claimValidationRules[3]': '"act" is {}',
      'deny.subjects': '"alice"',
      'deny.tokenIDs': '"z"',
      'deny.keyIDs': '"k", "l"',
      'deny.issuedBefore': '2025-12-31T23:59:00Z',
    });
  });

  it('says what is missing of a token that has nothing', () => {
    expect(seen(everything(), {})).toMatchObject({
      iss: 'none',
      aud: 'none',
      sub: 'none',
      times: 'none',
      nbf: 'none',
      iat: 'none',
      age: 'no iat',
      typ: 'none',
      cnf: 'none',
      boundTo: 'nothing',
      'requiredClaims[0]': '"jti" is missing',
      'requiredClaims[1]': '"/a/b" is missing',
      'requiredScopes[0]': 'the token has no scopes',
      'claimValidationRules[0]': 'no "hd"',
      'claimValidationRules[3]': 'no "act"',
      'deny.subjects': 'none',
      'deny.keyIDs': 'none',
      'deny.issuedBefore': 'no iat',
    });
    // Of a moment that is now, and of one that is to come within the skew.
    const times = { exp: NOW, nbf: NOW + 1, iat: NOW + 20 };
    expect(seen(everything(), times)).toMatchObject({
      exp: '2026-01-01T00:00:00Z, 0 s ago',
      nbf: '2026-01-01T00:00:01Z, in 1 s',
      age: '0 s',
    });
  });

  it.each([
    ['absent', 'none'],
    ['absent, JWT', 'none, or JWT'],
    ['JWT, JOSE', 'one of JWT, JOSE'],
    ['absent, JWT, at+jwt', 'none, or one of JWT, at+jwt'],
  ])('names the types %s as %s', (types, words) => {
    const checks = checksOf(
      `  issuer: {url: https://k8s.example.com, audiences: [postgres]}\n  token: {types: [${types}]}\n`,
    );
    expect(expected(checks)).toMatchObject({ typ: words });
  });

  it('of a trust domain says what its subject and type may be', () => {
    const checks = checksOf(
      '  issuer: {spiffeTrustDomain: example.org, audiences: [postgres], audienceMatchPolicy: MatchExact}\n  keys: {spiffeBundleFile: x.json}\n',
    );
    expect(expected(checks)).toMatchObject({
      aud: 'exactly "postgres"',
      sub: 'a SPIFFE ID of trust domain "example.org"',
      typ: 'none, or one of JWT, JOSE',
    });
    expect(Object.keys(expected(checks))).toEqual([
      'aud',
      'sub',
      'times',
      'exp',
      'nbf',
      'iat',
      'lifetime',
      'typ',
      'cnf',
    ]);
  });
});

describe('the hint of a rule on a claim', () => {
  const hintOf = (rule: string, group: unknown): string | undefined => {
    const checks = checksOf(
      `  issuer: {url: https://k8s.example.com, audiences: [postgres]}\n  claimValidationRules: [${rule}]\n`,
    );
    const check = checks.find(({ name }) => name === 'claimValidationRules[0]');
    return check?.refusal({ type: undefined, claims: { group }, keyIDs: [], now: NOW })?.hint;
  };
  const COMPARE = 'Compare the claims of the token with the claimValidationRules of this issuer.';

  it('names a value that differs in case alone', () => {
    for (const rule of [
      '{claim: group, requiredValue: DBA}',
      '{claim: group, requiredValues: [x, DBA]}',
    ]) {
      expect(hintOf(rule, ['dba'])).toBe(
        'Values are compared byte for byte: "dba" and "DBA" differ in case.',
      );
    }
  });

  it('does not take a pattern for a value, or a rule for one that lists any', () => {
    expect(hintOf('{claim: group, pattern: DBA}', ['dba'])).toBe(COMPARE);
    expect(hintOf('{claim: group, requiredValue: 7}', ['eight'])).toBe(COMPARE);
    expect(hintOf('{claim: group, forbidden: true}', ['dba'])).toBe(COMPARE);
  });
});
